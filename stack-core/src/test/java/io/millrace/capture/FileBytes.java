package io.millrace.capture;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Puts capture files together field by field, independently of the writer. */
final class FileBytes {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteOrder order;

  FileBytes(ByteOrder order) {
    this.order = order;
  }

  static FileBytes pcap(ByteOrder order, int magic, int linkType) {
    return new FileBytes(order).u32(magic).u16(2).u16(4).u32(0).u32(0).u32(65_535).u32(linkType);
  }

  static FileBytes pcapng(ByteOrder order) {
    return new FileBytes(order).section();
  }

  FileBytes section() {
    return block(0x0a0d0d0a, new FileBytes(order).u32(0x1a2b3c4d).u16(1).u16(0).i64(-1));
  }

  FileBytes ethernet(FileBytes options) {
    return block(1, new FileBytes(order).u16(1).u16(0).u32(0).bytes(options.toByteArray()));
  }

  FileBytes enhanced(int id, long units, byte[] data, FileBytes options) {
    return block(
        6,
        new FileBytes(order)
            .u32(id)
            .u32((int) (units >>> 32))
            .u32((int) units)
            .u32(data.length)
            .u32(data.length)
            .padded(data)
            .bytes(options.toByteArray()));
  }

  FileBytes block(int type, FileBytes body) {
    byte[] bytes = body.toByteArray();
    return u32(type).u32(bytes.length + 12).bytes(bytes).u32(bytes.length + 12);
  }

  FileBytes option(int code, byte... value) {
    return u16(code).u16(value.length).padded(value);
  }

  FileBytes optionNumber(int code, long value) {
    return option(code, new FileBytes(order).i64(value).toByteArray());
  }

  FileBytes optionNumber(int code, int value) {
    return option(code, new FileBytes(order).u32(value).toByteArray());
  }

  FileBytes options() {
    return new FileBytes(order);
  }

  FileBytes u16(int value) {
    return bytes(ByteBuffer.allocate(2).order(order).putShort((short) value).array());
  }

  FileBytes u32(int value) {
    return bytes(ByteBuffer.allocate(4).order(order).putInt(value).array());
  }

  FileBytes i64(long value) {
    return bytes(ByteBuffer.allocate(8).order(order).putLong(value).array());
  }

  FileBytes bytes(byte... bytes) {
    out.writeBytes(bytes);
    return this;
  }

  FileBytes padded(byte... bytes) {
    return bytes(bytes).bytes(new byte[-bytes.length & 3]);
  }

  byte[] toByteArray() {
    return out.toByteArray();
  }
}

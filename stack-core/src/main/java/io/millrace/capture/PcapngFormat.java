package io.millrace.capture;

import java.io.IOException;
import java.util.Arrays;

/**
 * The pcapng format: blocks of {@code type 4 | length 4 | body | length 4}, each section in a byte
 * order of its own. Packets come in enhanced, simple and the old packet blocks; other blocks are
 * skipped.
 */
final class PcapngFormat extends CaptureFormat {
  static final int SECTION_HEADER = 0x0a0d0d0a;

  private static final int BYTE_ORDER_MAGIC = 0x1a2b3c4d;
  private static final int INTERFACE = 1;
  private static final int OLD_PACKET = 2;
  private static final int SIMPLE_PACKET = 3;
  private static final int ENHANCED_PACKET = 6;

  private static final int OPTION_END = 0;
  private static final int OPTION_FLAGS = 2;
  private static final int OPTION_RESOLUTION = 9;
  private static final int OPTION_OFFSET = 14;

  private static final int FRAMING = 12;
  private static final int MAX_BLOCK = 1 << 20;
  private static final int MAX_INTERFACES = 1 << 16;
  private static final int MICROSECONDS = 6;

  private int interfaces;
  private byte[] resolutions = new byte[4];
  private long[] offsets = new long[4];
  private long[] snapLengths = new long[4];

  /** The type of the first section header has been read. */
  PcapngFormat(CaptureInput input) throws IOException {
    super(input);
    section(0);
  }

  @Override
  boolean next() throws IOException {
    while (!input.atEnd()) {
      long start = input.position();
      int type = (int) input.u32("the header of a block");
      if (type == SECTION_HEADER) {
        section(start);
      } else if (block(type, start)) {
        packets++;
        return true;
      }
    }
    return false;
  }

  private void section(long start) throws IOException {
    byte[] head = new byte[8];
    input.read(head, 8, "the section header");
    input.bigEndian(true);
    if (input.u32(head, 4) != BYTE_ORDER_MAGIC) {
      input.bigEndian(false);
      if (input.u32(head, 4) != BYTE_ORDER_MAGIC) {
        throw input.damaged(start, "a section header without a byte-order mark");
      }
    }
    long total = input.u32(head, 0);
    // Framing, byte-order mark, version and section length.
    checkLength(start, total, FRAMING + 16);
    input.read(head, 4, "the section header");
    int major = input.u16(head, 0);
    if (major != 1) {
      throw input.refused("is pcapng of version " + major + "; only version 1 can be read");
    }
    input.skip(total - FRAMING - 8, "the section header");
    trailer(start, total);
    interfaces = 0;
  }

  /** Reads one block; whether it was a packet. */
  private boolean block(int type, long start) throws IOException {
    long total = input.u32("the header of a block");
    checkLength(start, total, FRAMING);
    int body = (int) total - FRAMING;
    return switch (type) {
      case INTERFACE -> {
        body(start, total, "an interface description", 0);
        describe(start, body);
        yield false;
      }
      case SIMPLE_PACKET -> {
        body(start, total, "packet", packets + 1);
        simple(start, body);
        yield true;
      }
      case OLD_PACKET, ENHANCED_PACKET -> {
        body(start, total, "packet", packets + 1);
        full(start, body, type == OLD_PACKET);
        yield true;
      }
      default -> {
        input.skip(total - FRAMING, "a block of type " + Integer.toUnsignedString(type));
        trailer(start, total);
        yield false;
      }
    };
  }

  private void checkLength(long start, long total, int least) throws IOException {
    if (total < least || total % 4 != 0) {
      throw input.damaged(start, "a block claims " + total + " bytes");
    }
  }

  private void trailer(long start, long total) throws IOException {
    if (input.u32("the end of a block") != total) {
      throw input.damaged(start, "a block's two length fields differ");
    }
  }

  private void body(long start, long total, String what, long number) throws IOException {
    if (total > MAX_BLOCK) {
      String name = number == 0 ? what : what + ' ' + number;
      throw input.damaged(start, name + " claims " + total + " bytes, more than " + MAX_BLOCK);
    }
    int size = (int) total - FRAMING;
    room(size);
    input.read(data, size, what, number);
    trailer(start, total);
  }

  /** Interface description: link type 2, reserved 2, snap length 4, options. */
  private void describe(long start, int body) throws IOException {
    if (body < 8) {
      throw input.damaged(start, "an interface description of " + body + " bytes");
    }
    checkLinkType(input.u16(data, 0));
    if (interfaces == MAX_INTERFACES) {
      throw input.damaged(start, "more than " + MAX_INTERFACES + " interfaces");
    }
    if (interfaces == resolutions.length) {
      resolutions = Arrays.copyOf(resolutions, interfaces * 2);
      offsets = Arrays.copyOf(offsets, interfaces * 2);
      snapLengths = Arrays.copyOf(snapLengths, interfaces * 2);
    }
    int resolution = option(OPTION_RESOLUTION, 8, body, 1);
    int zone = option(OPTION_OFFSET, 8, body, 8);
    resolutions[interfaces] = resolution < 0 ? MICROSECONDS : data[resolution];
    offsets[interfaces] = zone < 0 ? 0 : input.i64(data, zone);
    snapLengths[interfaces] = input.u32(data, 4);
    interfaces++;
  }

  /**
   * Where the value of an option with at least {@code size} bytes starts, or -1; stops at whatever
   * is ill-formed.
   */
  private int option(int wanted, int from, int body, int size) {
    int at = from;
    while (at + 4 <= body) {
      int code = input.u16(data, at);
      int bytes = input.u16(data, at + 2);
      if (code == OPTION_END || at + 4 + bytes > body) {
        return -1;
      }
      if (code == wanted && bytes >= size) {
        return at + 4;
      }
      at += 4 + (bytes + 3 & ~3);
    }
    return -1;
  }

  /** Simple packet: original length 4, bytes. No time: that of the packet before is kept. */
  private void simple(long start, int body) throws IOException {
    if (body < 4) {
      throw input.damaged(start, packetName() + " has no length field");
    }
    checkInterface(start, 0);
    long original = input.u32(data, 0);
    long snap = snapLengths[0] == 0 ? Long.MAX_VALUE : snapLengths[0];
    long captured = Math.min(original, snap);
    checkCaptured(start, captured, body - 4);
    packet(0, 4, (int) captured, original);
    direction = Direction.UNKNOWN;
  }

  /**
   * Enhanced packet: interface 4, time 8, captured length 4, original length 4, bytes, options. The
   * old packet block has the interface in its first 2 bytes and a drop count behind it.
   */
  private void full(long start, int body, boolean old) throws IOException {
    if (body < 20) {
      throw input.damaged(start, packetName() + " has a block of only " + body + " bytes");
    }
    long id = old ? input.u16(data, 0) : input.u32(data, 0);
    checkInterface(start, id);
    long captured = input.u32(data, 12);
    checkCaptured(start, captured, body - 20);
    int index = (int) id;
    packet(index, 20, (int) captured, input.u32(data, 16));
    long units = input.u32(data, 4) << 32 | input.u32(data, 8);
    time = CaptureTime.nanos(units, resolutions[index], offsets[index]);
    int flags = option(OPTION_FLAGS, 20 + ((int) captured + 3 & ~3), body, 4);
    direction = flags < 0 ? Direction.UNKNOWN : Direction.ofFlags((int) input.u32(data, flags));
  }

  private void checkInterface(long start, long id) throws IOException {
    if (id >= interfaces) {
      throw input.damaged(
          start, packetName() + " is of interface " + id + ", which is not described");
    }
  }

  private void checkCaptured(long start, long captured, int room) throws IOException {
    if (captured > room || captured > MAX_PACKET) {
      throw input.damaged(
          start, packetName() + " claims " + captured + " bytes, but only " + room + " are there");
    }
  }

  private void packet(int index, int from, int captured, long original) {
    interfaceId = index;
    offset = from;
    length = captured;
    originalLength = original;
  }
}

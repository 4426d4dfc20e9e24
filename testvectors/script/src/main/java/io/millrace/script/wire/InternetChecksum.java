package io.millrace.script.wire;

/** The checksum of RFC 1071, written so that it cannot share a mistake with the stack's. */
final class InternetChecksum {
  private long sum;

  InternetChecksum add(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      int value = bytes[i] & 0xff;
      sum += (i - from) % 2 == 0 ? value << 8 : value;
    }
    return this;
  }

  /** The pseudo-header of either family: addresses, length and protocol. */
  InternetChecksum pseudo(byte[] source, byte[] destination, int length, int protocol) {
    sum += length + protocol;
    return add(source, 0, source.length).add(destination, 0, destination.length);
  }

  /** 0 over what contains a right checksum. */
  int result() {
    long folded = sum;
    while (folded >>> 16 != 0) {
      folded = (folded & 0xffff) + (folded >>> 16);
    }
    return (int) (~folded & 0xffff);
  }
}

package io.millrace.capture;

import java.io.IOException;

/** One file format: moves from packet to packet and leaves the present one in the fields. */
abstract sealed class CaptureFormat permits PcapFormat, PcapngFormat {
  /** What no packet of an honest file exceeds. */
  static final int MAX_PACKET = 262_144;

  static final int LINK_TYPE_ETHERNET = 1;

  final CaptureInput input;

  byte[] data = new byte[1 << 16];
  int offset;
  int length;
  long originalLength;
  long time;
  Direction direction = Direction.UNKNOWN;
  int interfaceId;
  long packets;

  CaptureFormat(CaptureInput input) {
    this.input = input;
  }

  /** Moves to the next packet; false at the file's end. */
  abstract boolean next() throws IOException;

  final void room(int bytes) {
    if (data.length < bytes) {
      data = new byte[Integer.highestOneBit(bytes - 1) * 2];
    }
  }

  final String packetName() {
    return "packet " + (packets + 1);
  }

  final void checkLinkType(int linkType) throws IOException {
    if (linkType != LINK_TYPE_ETHERNET) {
      throw input.refused(
          "holds packets of link type " + linkType + "; only Ethernet (1) can be read");
    }
  }
}

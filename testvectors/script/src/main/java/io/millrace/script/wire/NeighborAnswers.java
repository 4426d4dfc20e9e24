package io.millrace.script.wire;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** Answers Neighbor Solicitations (RFC 4861 §7.2.4) for the router and the peer. */
public final class NeighborAnswers {
  private static final int ETHERNET = 14;
  private static final int SOLICITATION = 135;
  private static final int ADVERTISEMENT = 136;
  private static final int SOLICITED_AND_OVERRIDE = 0x6000_0000;

  private final List<byte[]> addresses;
  private final long mac;

  /** Answers for addresses with a link address. */
  public NeighborAnswers(long mac, String... addresses) {
    this.mac = mac;
    this.addresses = Arrays.stream(addresses).map(PacketWriter::address).toList();
  }

  /** The answer to a frame, or null if none is asked for. */
  public byte[] answer(byte[] frame) {
    boolean isSolicitation =
        frame.length >= ETHERNET + 64
            && (frame[12] & 0xff) == 0x86
            && (frame[13] & 0xff) == 0xdd
            && frame[ETHERNET + 6] == 58
            && (frame[ETHERNET + 40] & 0xff) == SOLICITATION;
    if (!isSolicitation) {
      return null;
    }
    byte[] target = Arrays.copyOfRange(frame, ETHERNET + 48, ETHERNET + 64);
    if (addresses.stream().noneMatch(address -> Arrays.equals(address, target))) {
      return null;
    }
    ByteBuffer answer = ByteBuffer.allocate(ETHERNET + 72);
    answer.put(frame, 6, 6).putShort((short) (mac >>> 32)).putInt((int) mac);
    answer.putShort((short) 0x86dd).putInt(6 << 28).putShort((short) 32);
    answer.put((byte) 58).put((byte) 255).put(target).put(frame, ETHERNET + 8, 16);
    answer.put((byte) ADVERTISEMENT).put((byte) 0).putShort((short) 0);
    answer.putInt(SOLICITED_AND_OVERRIDE).put(target);
    answer.put((byte) 2).put((byte) 1).putShort((short) (mac >>> 32)).putInt((int) mac);
    byte[] bytes = answer.array();
    int sum =
        new InternetChecksum()
            .pseudo(target, Arrays.copyOfRange(frame, ETHERNET + 8, ETHERNET + 24), 32, 58)
            .add(bytes, ETHERNET + 40, bytes.length)
            .result();
    return answer.putShort(ETHERNET + 42, (short) sum).array();
  }
}

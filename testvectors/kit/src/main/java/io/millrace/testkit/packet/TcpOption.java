package io.millrace.testkit.packet;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;

/** One TCP option as on the wire; {@link #toString()} writes it as packet scripts do. */
public final class TcpOption {
  /** End of the option list (RFC 9293 §3.2). */
  public static final int EOL = 0;

  /** No operation (RFC 9293 §3.2). */
  public static final int NOP = 1;

  /** Maximum segment size (RFC 9293 §3.7.1). */
  public static final int MSS = 2;

  /** Window scale (RFC 7323 §2). */
  public static final int WINDOW_SCALE = 3;

  /** SACK permitted (RFC 2018 §2). */
  public static final int SACK_PERMITTED = 4;

  /** SACK (RFC 2018 §3). */
  public static final int SACK = 5;

  /** Timestamps (RFC 7323 §3). */
  public static final int TIMESTAMPS = 8;

  private final int kind;
  private final byte[] body;

  /**
   * Creates an option.
   *
   * @param kind its kind, 0 to 255
   * @param body what stands behind kind and length; empty for the two kinds that have no length
   */
  public TcpOption(int kind, byte... body) {
    this.kind = kind;
    this.body = body.clone();
  }

  /** End of the option list. */
  public static TcpOption eol() {
    return new TcpOption(EOL);
  }

  /** No operation. */
  public static TcpOption nop() {
    return new TcpOption(NOP);
  }

  /** Maximum segment size in bytes. */
  public static TcpOption mss(int bytes) {
    return new TcpOption(MSS, ByteBuffer.allocate(2).putShort((short) bytes).array());
  }

  /** Window scale as a shift count. */
  public static TcpOption windowScale(int shift) {
    return new TcpOption(WINDOW_SCALE, (byte) shift);
  }

  /** SACK permitted. */
  public static TcpOption sackPermitted() {
    return new TcpOption(SACK_PERMITTED);
  }

  /** SACK blocks, left and right edges in turn. */
  public static TcpOption sack(long... edges) {
    ByteBuffer body = ByteBuffer.allocate(4 * edges.length);
    for (long edge : edges) {
      body.putInt((int) edge);
    }
    return new TcpOption(SACK, body.array());
  }

  /** Timestamps. */
  public static TcpOption timestamps(long value, long echo) {
    return new TcpOption(
        TIMESTAMPS, ByteBuffer.allocate(8).putInt((int) value).putInt((int) echo).array());
  }

  /** The kind, 0 to 255. */
  public int kind() {
    return kind;
  }

  /** What stands behind kind and length. */
  public byte[] body() {
    return body.clone();
  }

  /** Bytes on the wire. */
  public int length() {
    return kind <= NOP ? 1 : 2 + body.length;
  }

  /** The unsigned 32-bit number at {@code index} words into the body. */
  public long word(int index) {
    return ByteBuffer.wrap(body).getInt(4 * index) & 0xffff_ffffL;
  }

  /** The 16-bit number at the body's start. */
  public int half() {
    return ByteBuffer.wrap(body).getShort(0) & 0xffff;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TcpOption that && kind == that.kind && Arrays.equals(body, that.body);
  }

  @Override
  public int hashCode() {
    return 31 * kind + Arrays.hashCode(body);
  }

  @Override
  public String toString() {
    return switch (kind) {
      case EOL -> "eol";
      case NOP -> "nop";
      case MSS -> body.length == 2 ? "mss " + half() : raw();
      case WINDOW_SCALE -> body.length == 1 ? "wscale " + (body[0] & 0xff) : raw();
      case SACK_PERMITTED -> body.length == 0 ? "sackOK" : raw();
      case SACK -> body.length % 8 == 0 ? sackText() : raw();
      case TIMESTAMPS -> body.length == 8 ? "TS val " + word(0) + " ecr " + word(1) : raw();
      default -> raw();
    };
  }

  private String sackText() {
    StringBuilder text = new StringBuilder("sack");
    for (int i = 0; i < body.length / 4; i += 2) {
      text.append(' ').append(word(i)).append(':').append(word(i + 1));
    }
    return text.toString();
  }

  private String raw() {
    return "option " + kind + " " + HexFormat.of().formatHex(body);
  }
}

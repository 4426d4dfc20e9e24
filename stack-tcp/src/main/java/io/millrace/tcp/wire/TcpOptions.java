package io.millrace.tcp.wire;

/**
 * Option kinds and sizes (RFC 9293 §3.2, RFC 7323, RFC 2018).
 *
 * <pre>
 *  kind 0            end of list
 *  kind 1            no operation
 *  kind 2 len 4      maximum segment size (16)
 *  kind 3 len 3      window scale (8)
 *  kind 4 len 2      SACK permitted
 *  kind 5 len 8n+2   SACK: n pairs of left and right edge (32, 32)
 *  kind 8 len 10     timestamp value (32), echo reply (32)
 * </pre>
 */
public final class TcpOptions {
  /** End of option list. */
  public static final int END = 0;

  /** No operation. */
  public static final int NOP = 1;

  /** Maximum segment size. */
  public static final int MSS = 2;

  /** Window scale. */
  public static final int WINDOW_SCALE = 3;

  /** SACK permitted. */
  public static final int SACK_PERMITTED = 4;

  /** SACK. */
  public static final int SACK = 5;

  /** Timestamps. */
  public static final int TIMESTAMPS = 8;

  /** Bytes of the timestamps option with the two NOPs that align it (RFC 7323 appendix A). */
  public static final int TIMESTAMPS_SIZE = 12;

  /** NOP, NOP, kind 8, length 10: how the timestamps option of nearly every segment begins. */
  public static final int TIMESTAMPS_PREFIX = 0x0101080a;

  private TcpOptions() {}
}

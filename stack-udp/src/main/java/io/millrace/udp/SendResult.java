package io.millrace.udp;

/** What became of a datagram that was handed to a {@link UdpSocket}. */
public enum SendResult {
  /** On its way. */
  SENT,

  /**
   * The interface has no room now; {@link UdpHandler#onWritable} says when it has again. Nothing
   * was sent.
   */
  WOULD_BLOCK,

  /** The shard has no frame free now; try again later. Nothing was sent. */
  NO_FRAME,

  /** There is no route to the destination. Nothing was sent. */
  NO_ROUTE,

  /**
   * Larger than a datagram can be, or than the path takes in one piece where fragmentation is
   * forbidden ({@link UdpSocket#dontFragment}). Nothing was sent.
   */
  TOO_BIG,

  /**
   * The destination is a broadcast address and the socket has not been allowed to broadcast ({@link
   * UdpSocket#allowBroadcast}). Nothing was sent.
   */
  NOT_PERMITTED
}

package io.millrace.flow;

/** What a {@link FlowTable} finds: an address pair and a port pair. <b>Thread:</b> the shard's. */
public abstract class Flow {
  private long localHi;
  private long localLo;
  private final long remoteHi;
  private final long remoteLo;
  private int ports;
  private int owner = -1;
  int tableHash;

  /**
   * Creates a flow.
   *
   * @param ports the local port in the high 16 bits, the remote one in the low 16
   */
  protected Flow(long localHi, long localLo, long remoteHi, long remoteLo, int ports) {
    this.localHi = localHi;
    this.localLo = localLo;
    this.remoteHi = remoteHi;
    this.remoteLo = remoteLo;
    this.ports = ports;
  }

  /** Fixes our end of a flow that began without one; not while it is in a table. */
  protected final void local(long hi, long lo, int port) {
    localHi = hi;
    localLo = lo;
    ports = ports(port, remotePort());
  }

  /** The port pair as one number: local in the high 16 bits. */
  public static int ports(int local, int remote) {
    return local << 16 | remote;
  }

  /**
   * The shard that the flow's packets hash to, where the transport keeps that; -1 if it does not.
   */
  public final int owner() {
    return owner;
  }

  /** Sets {@link #owner()}. */
  public final void owner(int shard) {
    owner = shard;
  }

  /** High half of our address. */
  public final long localHi() {
    return localHi;
  }

  /** Low half of our address. */
  public final long localLo() {
    return localLo;
  }

  /** High half of the peer's address. */
  public final long remoteHi() {
    return remoteHi;
  }

  /** Low half of the peer's address. */
  public final long remoteLo() {
    return remoteLo;
  }

  /** Our port. */
  public final int localPort() {
    return ports >>> 16;
  }

  /** The peer's port. */
  public final int remotePort() {
    return ports & 0xffff;
  }

  /** Both ports, local in the high 16 bits. */
  public final int ports() {
    return ports;
  }

  final boolean is(long lHi, long lLo, long rHi, long rLo, int portPair) {
    return ports == portPair
        && remoteLo == rLo
        && localLo == lLo
        && remoteHi == rHi
        && localHi == lHi;
  }
}

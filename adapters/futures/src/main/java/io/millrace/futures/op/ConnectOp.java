package io.millrace.futures.op;

import io.millrace.futures.StreamConfig;
import io.millrace.ip.IpAddress;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;

/** Connects to one address. Cancelled, it resets what has been begun. */
public final class ConnectOp extends Op {
  private final Shard shard;
  private final IpAddress local;
  private final int localPort;
  private final IpAddress remote;
  private final int port;
  private Stream stream;

  /**
   * Creates an operation.
   *
   * @param local one of our addresses, or null
   * @param localPort 0 for any
   */
  public ConnectOp(
      Shard shard, IpAddress local, int localPort, IpAddress remote, int port, Waiter waiter) {
    super(waiter);
    this.shard = shard;
    this.local = local;
    this.localPort = localPort;
    this.remote = remote;
    this.port = port;
  }

  @Override
  public Shard shard() {
    return shard;
  }

  @Override
  public String subject() {
    return remote + ":" + port;
  }

  /** The connection that was made. */
  public Stream stream() {
    return stream;
  }

  @Override
  public void run() {
    if (!isWaiting()) {
      return;
    }
    start();
    StreamConfig config = shard.setting(StreamConfig.class, StreamConfig.defaults());
    stream = Stream.connecting(shard, config, this);
    try {
      stream.connection(Tcp.of(shard).connect(local, localPort, remote, port, stream));
    } catch (IllegalStateException | IllegalArgumentException e) {
      fail(Failure.notConnected(e.getMessage()));
      return;
    }
    stream.begin(this);
  }

  @Override
  protected void cancelled() {
    Calls.surely(
        shard,
        () -> {
          if (stream != null) {
            stream.abort();
          }
        });
  }
}

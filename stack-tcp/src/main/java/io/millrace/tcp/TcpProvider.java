package io.millrace.tcp;

import io.millrace.ip.IpProtocol;
import io.millrace.net.Shard;
import io.millrace.transport.Transport;
import io.millrace.transport.TransportProvider;

/** Makes TCP's part of each shard. */
public final class TcpProvider implements TransportProvider {
  /** For the service loader. */
  public TcpProvider() {}

  @Override
  public int protocol() {
    return IpProtocol.TCP;
  }

  @Override
  public Transport create(Shard shard) {
    return new StackTcp(shard);
  }
}

package io.millrace.udp;

import io.millrace.ip.IpProtocol;
import io.millrace.net.Shard;
import io.millrace.transport.Transport;
import io.millrace.transport.TransportProvider;

/** Puts UDP-Lite on each shard; found through {@link java.util.ServiceLoader}. */
public final class UdpLiteProvider implements TransportProvider {
  /** For the service loader. */
  public UdpLiteProvider() {}

  @Override
  public int protocol() {
    return IpProtocol.UDP_LITE;
  }

  @Override
  public Transport create(Shard shard) {
    return new StackUdp(shard, IpProtocol.UDP_LITE);
  }
}

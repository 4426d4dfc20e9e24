package io.millrace.testkit.host;

import io.millrace.ip.IpProtocol;
import io.millrace.net.Shard;
import io.millrace.transport.Transport;
import io.millrace.transport.TransportProvider;

/** Stands in for UDP. */
public final class TestUdpProvider implements TransportProvider {
  /** Called by the service loader. */
  public TestUdpProvider() {}

  @Override
  public int protocol() {
    return IpProtocol.UDP;
  }

  @Override
  public Transport create(Shard shard) {
    return new TestTransport(IpProtocol.UDP);
  }
}

package io.millrace.testkit.host;

import io.millrace.ip.IpProtocol;
import io.millrace.net.Shard;
import io.millrace.transport.Transport;
import io.millrace.transport.TransportProvider;

/** Stands in for TCP. */
public final class TestTcpProvider implements TransportProvider {
  /** Called by the service loader. */
  public TestTcpProvider() {}

  @Override
  public int protocol() {
    return IpProtocol.TCP;
  }

  @Override
  public Transport create(Shard shard) {
    return new TestTransport(IpProtocol.TCP);
  }
}

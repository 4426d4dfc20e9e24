package io.millrace.ipv4;

import io.millrace.spi.Driver;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.testkit.host.TestPort;

/**
 * Opens {@link TestPort}s by name, so that options of the name can be tried: {@code test:0,vlan=7}.
 */
public final class TestDriver implements Driver {
  static TestPort opened;

  /** Called by the service loader. */
  public TestDriver() {}

  @Override
  public String scheme() {
    return "test";
  }

  @Override
  public String usage() {
    return "test:MTU";
  }

  @Override
  public Port open(PortConfig config) {
    opened = new TestPort(Integer.parseInt(config.target()), 0);
    return opened;
  }
}

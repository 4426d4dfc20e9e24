package io.millrace.driver.afxdp;

import io.millrace.testkit.driver.PortBench;
import io.millrace.testkit.driver.PortContract;
import io.millrace.testkit.netns.NetworkNamespace;
import java.util.List;
import java.util.Map;

/** A veth whose driver runs the program keeps what every driver promises. */
final class AfXdpContractTest extends PortContract {
  @Override
  protected PortBench open(List<byte[]> arriving) {
    NetworkNamespace.assumeAvailable();
    return new AfXdpBench(arriving, Map.of());
  }
}

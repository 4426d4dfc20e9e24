package io.millrace.driver.afxdp;

import io.millrace.testkit.driver.PortBench;
import io.millrace.testkit.driver.PortContract;
import io.millrace.testkit.netns.NetworkNamespace;
import java.util.List;
import java.util.Map;

/** So does one whose packets pass the kernel's stack first, as where a driver knows no XDP. */
final class AfXdpGenericContractTest extends PortContract {
  @Override
  protected PortBench open(List<byte[]> arriving) {
    NetworkNamespace.assumeAvailable();
    return new AfXdpBench(arriving, Map.of("attach", "generic"));
  }
}

package io.millrace.driver.afxdp;

import io.millrace.testkit.driver.PortBench;
import io.millrace.testkit.driver.PortContract;
import io.millrace.testkit.netns.NetworkNamespace;
import java.util.List;
import java.util.Map;

/** So does one that leaves checksums to the device. */
final class AfXdpChecksumContractTest extends PortContract {
  @Override
  protected PortBench open(List<byte[]> arriving) {
    NetworkNamespace.assumeAvailable();
    return new AfXdpBench(arriving, Map.of("txcsum", "on", "rxcsum", "trust"));
  }
}

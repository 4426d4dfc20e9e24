package io.millrace.driver.afpacket;

import io.millrace.testkit.driver.PortBench;
import io.millrace.testkit.driver.PortContract;
import io.millrace.testkit.netns.NetworkNamespace;
import java.util.List;
import java.util.Map;

/** A packet socket with offloads keeps what every driver promises. */
final class AfPacketContractTest extends PortContract {
  @Override
  protected PortBench open(List<byte[]> arriving) {
    NetworkNamespace.assumeAvailable();
    return new VethBench(arriving, Map.of());
  }
}

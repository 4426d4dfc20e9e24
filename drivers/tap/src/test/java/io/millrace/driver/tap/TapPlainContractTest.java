package io.millrace.driver.tap;

import io.millrace.testkit.driver.PortBench;
import io.millrace.testkit.driver.PortContract;
import io.millrace.testkit.netns.NetworkNamespace;
import java.util.List;
import java.util.Map;

/** A TAP without offloads keeps what every driver promises. */
final class TapPlainContractTest extends PortContract {
  @Override
  protected PortBench open(List<byte[]> arriving) {
    NetworkNamespace.assumeAvailable();
    return new TapBench(arriving, Map.of("offload", "off"));
  }
}

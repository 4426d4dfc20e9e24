package io.millrace.driver.afxdp;

import io.millrace.os.Namespace;
import io.millrace.spi.Driver;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;

/**
 * Takes over a network interface of Linux: {@code afxdp:eth1}. Its packets come to the stack
 * instead of the kernel, in frames that are shared with it, and go to the kernel again when the
 * port is closed or the process ends in whatever way.
 *
 * <p>Needs root, or {@code CAP_NET_ADMIN}, {@code CAP_NET_RAW} and {@code CAP_BPF}; Linux 5.19 or
 * later. The interface must exist, and it should have no address of the kernel's.
 */
public final class AfXdpDriver implements Driver {
  /** Called by the service loader. */
  public AfXdpDriver() {}

  @Override
  public String scheme() {
    return "afxdp";
  }

  @Override
  public String usage() {
    return "afxdp:INTERFACE[,queues=N]   a network interface of Linux, taken over";
  }

  @Override
  public Port open(PortConfig config) {
    AfXdpOptions options = AfXdpOptions.of(config);
    return Namespace.in(options.netns(), () -> AfXdpPort.open(options));
  }
}

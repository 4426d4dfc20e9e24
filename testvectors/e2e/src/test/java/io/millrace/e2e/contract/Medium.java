package io.millrace.e2e.contract;

import io.millrace.testkit.netns.NetworkNamespace;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** What an application's bytes travel over. */
enum Medium {
  /** Two stacks on a wire in memory. */
  MEM {
    @Override
    Ends open(Record... settings) {
      return MemEnds.open(Network.IPV4, settings);
    }
  },
  /** The same over IPv6. */
  MEM_IPV6 {
    @Override
    Ends open(Record... settings) {
      return MemEnds.open(Network.IPV6, settings);
    }
  },
  /** The kernel's sockets at both ends. */
  KERNEL {
    @Override
    Ends open(Record... settings) {
      return KernelEnds.open(settings);
    }
  },
  /** Our stack on a TAP device connects to the kernel's sockets. */
  TAP_TO_KERNEL {
    @Override
    Ends open(Record... settings) {
      assumeTap();
      return CableEnds.tap(Network.IPV4, false, settings);
    }
  },
  /** The kernel's sockets connect to our stack on a TAP device. */
  KERNEL_TO_TAP {
    @Override
    Ends open(Record... settings) {
      assumeTap();
      return CableEnds.tap(Network.IPV4, true, settings);
    }
  },
  /** Our stack on a TAP device connects to the kernel's sockets over IPv6. */
  TAP_TO_KERNEL_IPV6 {
    @Override
    Ends open(Record... settings) {
      assumeTap();
      return CableEnds.tap(Network.IPV6, false, settings);
    }
  },
  /** The kernel's sockets connect to our stack on a TAP device over IPv6. */
  KERNEL_TO_TAP_IPV6 {
    @Override
    Ends open(Record... settings) {
      assumeTap();
      return CableEnds.tap(Network.IPV6, true, settings);
    }
  },
  /** Our stack on AF_XDP connects to the kernel's sockets. */
  XDP_TO_KERNEL {
    @Override
    Ends open(Record... settings) {
      NetworkNamespace.assumeAvailable();
      return CableEnds.xdp(false, settings);
    }
  },
  /** The kernel's sockets connect to our stack on AF_XDP. */
  KERNEL_TO_XDP {
    @Override
    Ends open(Record... settings) {
      NetworkNamespace.assumeAvailable();
      return CableEnds.xdp(true, settings);
    }
  };

  /** Starts both ends; skips the test with a sentence where that cannot be. */
  abstract Ends open(Record... settings);

  private static void assumeTap() {
    NetworkNamespace.assumeAvailable();
    Assumptions.assumeTrue(
        Files.exists(Path.of("/dev/net/tun")), "there is no /dev/net/tun for a TAP device");
  }
}

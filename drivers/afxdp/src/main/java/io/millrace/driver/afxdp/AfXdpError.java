package io.millrace.driver.afxdp;

import io.millrace.bpf.BpfException;
import io.millrace.os.Linux;
import io.millrace.spi.PortException;

/**
 * The sentences of what can go wrong while an AF_XDP port is opened. Errors are negated {@code
 * errno}s.
 */
final class AfXdpError {
  private static final int ENOMEM = 12;
  private static final int ENOBUFS = 105;
  private static final int ERANGE = 34;
  private static final int EAFNOSUPPORT = 97;
  private static final int MEGABYTE = 1 << 20;

  private AfXdpError() {}

  static PortException noDevice(String device, int error) {
    if (error == -Linux.ENODEV) {
      return new PortException(
          "there is no network interface " + device + "; 'ip link' lists those that there are");
    }
    return new PortException(
        "the network interface " + device + " cannot be asked: " + Linux.describe(error));
  }

  static PortException notEthernet(String device) {
    return new PortException("the network interface " + device + " does not carry Ethernet");
  }

  static PortException noQueue(AfXdpOptions options, int queues) {
    return new PortException(
        "option first-queue="
            + options.firstQueue()
            + ": "
            + options.device()
            + (queues == 1 ? " has a single queue, 0" : " has the queues 0 to " + (queues - 1)));
  }

  static PortException noSocket(int error) {
    return switch (-error) {
      case Linux.EPERM, Linux.EACCES ->
          new PortException(
              "AF_XDP sockets need root (CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF); or use a TAP"
                  + " device, tap:mr0, which can be made for a user beforehand");
      case EAFNOSUPPORT ->
          new PortException(
              "this kernel has no AF_XDP sockets (CONFIG_XDP_SOCKETS): use afpacket: or tap: here");
      default -> new PortException("an AF_XDP socket cannot be opened: " + Linux.describe(error));
    };
  }

  static PortException notRegistered(String device, long bytes, int error) {
    if (error == -ENOBUFS || error == -ENOMEM) {
      return new PortException(
          "the kernel may not lock the "
              + bytes / MEGABYTE
              + " MiB of frames for "
              + device
              + ": raise the limit ('ulimit -l unlimited', or LimitMEMLOCK=infinity in a service),"
              + " or take fewer frames");
    }
    return new PortException(
        "the kernel refuses the frames as memory for " + device + ": " + Linux.describe(error));
  }

  static PortException noMetadata(String device) {
    return new PortException(
        "option txcsum=on: the kernel takes no checksum requests for "
            + device
            + "; that needs Linux 6.8 or later");
  }

  static PortException hintsUnknown(String device, int error) {
    return new PortException(
        "option hints=on: this kernel does not say what the driver of "
            + device
            + " knows of received packets; that needs Linux 6.7 or later ("
            + Linux.describe(error)
            + ")");
  }

  static PortException noHints(String device) {
    return new PortException(
        "option hints=on: the driver of "
            + device
            + " gives neither hash nor time of received packets; leave the option out");
  }

  static PortException notSet(String device, String what, int error) {
    if (error == -Linux.EPERM || error == -Linux.EACCES) {
      return new PortException("setting " + what + " of " + device + " needs root");
    }
    return new PortException(
        "the kernel refuses to set " + what + " of " + device + ": " + Linux.describe(error));
  }

  static PortException notBound(String device, int queue, int error) {
    return switch (-error) {
      case Linux.EBUSY ->
          new PortException(
              "queue " + queue + " of " + device + " belongs to another AF_XDP socket already");
      case Linux.ENODEV -> noDevice(device, error);
      case Linux.EPERM, Linux.EACCES ->
          new PortException("binding to a queue of " + device + " needs root");
      default ->
          new PortException(
              "the kernel does not bind to queue "
                  + queue
                  + " of "
                  + device
                  + ": "
                  + Linux.describe(error));
    };
  }

  static PortException noZeroCopy(String device, int error) {
    return new PortException(
        "option mode=zerocopy: the driver of "
            + device
            + " does not offer it ("
            + Linux.describe(error)
            + "); give mode=auto, or mode=copy");
  }

  static PortException tooLongForZeroCopy(String device, int mtu) {
    return new PortException(
        "option mode=zerocopy: the MTU of "
            + device
            + " is too large for it; 'ip link set "
            + device
            + " mtu "
            + mtu
            + "' is the most");
  }

  /** Also where the maps that the program needs cannot be made. */
  static PortException notLoaded(String device, BpfException e) {
    if (e.error() == Linux.EPERM || e.error() == Linux.EACCES) {
      return new PortException(
          "loading a program for " + device + " needs root (CAP_BPF and CAP_NET_ADMIN)", e);
    }
    return new PortException("no program can be loaded for " + device + ": " + e.getMessage(), e);
  }

  static PortException notAttached(AfXdpOptions options, boolean multiBuffer, BpfException e) {
    String device = options.device();
    String sentence =
        switch (e.error()) {
          case Linux.EPERM, Linux.EACCES ->
              "loading a program for " + device + " needs root (CAP_BPF and CAP_NET_ADMIN)";
          case Linux.EBUSY ->
              "another program is attached to "
                  + device
                  + " already; 'ip link show "
                  + device
                  + "' names it, 'ip link set "
                  + device
                  + " xdp off' removes it if no process holds it";
          case Linux.EOPNOTSUPP ->
              multiBuffer
                  ? "the driver of "
                      + device
                      + " takes no packets of several pieces: lower its MTU, 'ip link set "
                      + device
                      + " mtu 1500'"
                  : "the driver of " + device + " runs no XDP programs; give attach=generic";
          case Linux.EINVAL, ERANGE ->
              "the driver of "
                  + device
                  + " does not take the program with its present settings; the kernel's log"
                  + " (dmesg) may say why: often its MTU or a merging of packets (LRO) is in the"
                  + " way; attach=generic does without it";
          default -> "no program can be attached to " + device;
        };
    return new PortException(sentence + " (" + e.getMessage() + ")", e);
  }
}

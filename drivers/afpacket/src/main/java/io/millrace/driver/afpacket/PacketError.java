package io.millrace.driver.afpacket;

import io.millrace.os.Linux;
import io.millrace.spi.PortException;

/**
 * The sentences of what can go wrong while an interface is opened. Errors are negated {@code
 * errno}s.
 */
final class PacketError {
  private PacketError() {}

  /** The kernel gives no packet socket. */
  static PortException noSocket(int error) {
    return switch (-error) {
      case Linux.EPERM, Linux.EACCES ->
          new PortException(
              "opening a network interface needs root (CAP_NET_RAW in its network namespace)");
      case Linux.EAFNOSUPPORT ->
          new PortException(
              "this kernel has no packet sockets: load them with 'sudo modprobe af_packet'");
      default -> new PortException("no packet socket can be had: " + Linux.describe(error));
    };
  }

  /** There is no such interface. */
  static PortException noDevice(String device, int error) {
    if (error == -Linux.ENODEV) {
      return new PortException(
          "there is no network interface " + device + "; 'ip link' shows those that there are");
    }
    return new PortException(
        "the network interface " + device + " cannot be looked at: " + Linux.describe(error));
  }

  /** What the kernel sends over it are no Ethernet frames. */
  static PortException notEthernet(String device) {
    return new PortException(
        "the interface " + device + " carries no Ethernet frames, so the stack has no use for it");
  }

  /** Something that this kernel or this user does not get. */
  static PortException notSet(String device, String what, int error) {
    return switch (-error) {
      case Linux.EPERM, Linux.EACCES ->
          new PortException("setting " + what + " of " + device + " needs root");
      case Linux.ENOMEM ->
          new PortException(
              "there is not enough memory for " + what + " of " + device + "; give ring=256");
      default ->
          new PortException(
              "the kernel refuses to set " + what + " of " + device + ": " + Linux.describe(error));
    };
  }

  /** The sockets of the queues cannot share the packets. */
  static PortException noFanout(String device, int error, boolean up) {
    if (error == -Linux.EINVAL && !up) {
      return new PortException(
          "several queues need an interface that is switched on: 'sudo ip link set "
              + device
              + " up'");
    }
    return notSet(device, "the division among queues", error);
  }
}

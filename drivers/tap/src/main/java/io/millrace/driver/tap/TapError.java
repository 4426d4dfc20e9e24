package io.millrace.driver.tap;

import io.millrace.os.Linux;
import io.millrace.spi.PortException;

/**
 * The sentences of what can go wrong while a TAP device is opened. Errors are negated {@code
 * errno}s.
 */
final class TapError {
  private static final String RIGHTS =
      "root (CAP_NET_ADMIN in its network namespace), or a device made for this user beforehand:"
          + " sudo ip tuntap add dev ";

  private TapError() {}

  /** {@code /dev/net/tun} cannot be opened. */
  static PortException noTun(int error) {
    return switch (-error) {
      case Linux.ENOENT, Linux.ENODEV ->
          new PortException(
              "there is no /dev/net/tun: load the kernel's module with 'sudo modprobe tun', or give"
                  + " the container the device (--device /dev/net/tun)");
      case Linux.EPERM, Linux.EACCES ->
          new PortException(
              "this user may not open /dev/net/tun: run as root, or have it made accessible with"
                  + " 'sudo chmod 666 /dev/net/tun'");
      default -> new PortException("/dev/net/tun cannot be opened: " + Linux.describe(error));
    };
  }

  /** The device cannot be attached to. */
  static PortException notAttached(TapOptions options, int error, KernelLink.Kind kind) {
    String device = options.device();
    String mode = " mode tap" + (options.queues() > 1 ? " multi_queue" : "") + " user $USER";
    return switch (-error) {
      case Linux.EPERM, Linux.EACCES ->
          new PortException(
              "opening the TAP device " + device + " needs " + RIGHTS + device + mode);
      case Linux.EBUSY ->
          new PortException("the TAP device " + device + " is in use by another process");
      case Linux.EINVAL ->
          switch (kind) {
            case NONE ->
                new PortException("the kernel refuses to make a TAP device named " + device);
            case OTHER -> new PortException("the device " + device + " is not a TAP device");
            case TAP ->
                new PortException(
                    "the TAP device "
                        + device
                        + " was made for a single queue: ask for queues=1, or make it with 'ip"
                        + " tuntap add dev "
                        + device
                        + mode
                        + "'");
          };
      default ->
          new PortException(
              "the TAP device " + device + " cannot be opened: " + Linux.describe(error));
    };
  }

  /** An offload, a header size or persistence that this kernel or this user does not get. */
  static PortException notSet(String device, String what, int error) {
    if (error == -Linux.EPERM || error == -Linux.EACCES) {
      return new PortException("setting " + what + " of " + device + " needs root");
    }
    return new PortException(
        "the kernel refuses to set " + what + " of " + device + ": " + Linux.describe(error));
  }
}

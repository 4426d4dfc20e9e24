package io.millrace.driver.tap;

import io.millrace.bpf.Bpf;
import io.millrace.bpf.BpfException;
import io.millrace.bpf.BpfFlowHash;
import io.millrace.flow.Toeplitz;
import io.millrace.os.Linux;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.security.SecureRandom;

/**
 * Spreads a device's flows over its queues by a hash that the stack knows, through a program in the
 * kernel. Left to itself, the kernel learns the queue of a flow from what is sent on it: the first
 * packets of a flow come in elsewhere, and overtake each other when it changes its mind. Cold.
 */
final class TapSteering {
  private static final Logger LOG = System.getLogger("io.millrace.tap");

  private TapSteering() {}

  /**
   * Installs the program, which stays until the device is gone.
   *
   * @return the hash and table, or null if this user or this kernel does not get one: the kernel
   *     then spreads flows in its own way
   */
  static Toeplitz install(TapDevice device, TapOptions options) {
    byte[] key = new byte[Toeplitz.KEY_SIZE];
    new SecureRandom().nextBytes(key);
    Toeplitz hash = new Toeplitz(key, options.queues());
    String reason;
    try (Bpf bpf = new Bpf()) {
      int program =
          bpf.load(BpfFlowHash.instructions(hash), new Bpf.Kind(Bpf.TYPE_SOCKET_FILTER, 0, 0, 0));
      int result = device.steer(program);
      if (result >= 0) {
        return hash;
      }
      reason = "the kernel refuses the program: " + Linux.describe(result);
    } catch (BpfException e) {
      reason = e.getMessage();
    }
    LOG.log(
        Level.INFO,
        "{0}: the kernel spreads flows over the queues in its own way, because {1}. Packets that"
            + " come in at the wrong shard are handed over.",
        options.device(),
        reason);
    return null;
  }
}

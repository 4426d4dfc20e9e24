package io.millrace.transport;

import io.millrace.ip.IpAddress;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;

/**
 * In which order and when to try the addresses of a host, so that a broken family costs a quarter
 * of a second and not a timeout (RFC 8305). Says what to try and tries nothing itself.
 *
 * <p>What happens is told by {@link #onAddresses}, {@link #onNoAddresses} and {@link #onFailed};
 * after each, and when {@link #nextDeadline()} has passed, {@link #next} is asked until it answers
 * null. The first attempt that succeeds is the winner; the others are to be given up.
 */
public final class HappyEyeballs {
  /** How long the IPv4 addresses wait for the IPv6 ones (RFC 8305 §8), nanoseconds. */
  public static final long RESOLUTION_DELAY = 50_000_000;

  /** How long an attempt has before the next is made beside it (RFC 8305 §8), nanoseconds. */
  public static final long ATTEMPT_DELAY = 250_000_000;

  /** Attempts that run at once; the next one waits until one of them has failed. */
  static final int MOST_RUNNING = 8;

  /** Addresses that are tried of each family. */
  static final int MOST_ADDRESSES = 16;

  private final Queue<IpAddress> v6 = new ArrayDeque<>();
  private final Queue<IpAddress> v4 = new ArrayDeque<>();
  private boolean pending6 = true;
  private boolean pending4 = true;
  private boolean begun;
  private boolean lastWas6;
  private int running;
  private IpAddress latest;
  private long notBefore = Long.MIN_VALUE;

  /** Creates a machine that waits for the addresses of both families. */
  public HappyEyeballs() {}

  /**
   * The addresses of one family, the best first.
   *
   * @param version 4 or 6
   */
  public void onAddresses(int version, List<IpAddress> addresses, long now) {
    Queue<IpAddress> queue = version == 6 ? v6 : v4;
    queue.addAll(addresses.subList(0, Math.min(addresses.size(), MOST_ADDRESSES)));
    answered(version);
    if (version == 4 && pending6 && !begun) {
      // RFC 8305 §3: give the answer for IPv6 a moment.
      notBefore = now + RESOLUTION_DELAY;
    }
  }

  /**
   * There are no addresses of one family.
   *
   * @param version 4 or 6
   */
  public void onNoAddresses(int version) {
    answered(version);
  }

  private void answered(int version) {
    if (version == 6) {
      pending6 = false;
      if (!begun) {
        notBefore = Long.MIN_VALUE;
      }
    } else {
      pending4 = false;
    }
  }

  /** An attempt has failed: the next one is made at once if it was the latest, or the last one. */
  public void onFailed(IpAddress address) {
    running--;
    if (running == 0 || address.equals(latest)) {
      notBefore = Long.MIN_VALUE;
    }
  }

  /** An address to try now, or null if there is none for the time being. */
  public IpAddress next(long now) {
    if (!canTry() || now < notBefore) {
      return null;
    }
    // RFC 8305 §4: the families take turns, IPv6 first.
    boolean take6 = v4.isEmpty() || (!v6.isEmpty() && !(begun && lastWas6));
    lastWas6 = take6;
    begun = true;
    running++;
    notBefore = now + ATTEMPT_DELAY;
    latest = take6 ? v6.remove() : v4.remove();
    return latest;
  }

  private boolean canTry() {
    return running < MOST_RUNNING && !(v4.isEmpty() && v6.isEmpty());
  }

  /** When {@link #next} is to be asked again; {@code Long.MAX_VALUE} if only something tells. */
  public long nextDeadline() {
    return canTry() ? notBefore : Long.MAX_VALUE;
  }

  /** Whether nothing is left to try or to wait for. */
  public boolean hasFailed() {
    return running == 0 && !pending6 && !pending4 && v6.isEmpty() && v4.isEmpty();
  }
}

package io.millrace.ipv4.dhcp;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.random.RandomGenerator;

/**
 * The client's state machine (RFC 2131 §4.4, figure 5).
 *
 * <pre>
 *   INIT -- wait --> SELECTING -- OFFER --> REQUESTING -- ACK --> CHECKING -- nobody has it --> BOUND
 *    ^  ^               (DISCOVER)          (REQUEST)|           (ARP probes) |              |     ^
 *    |  +---------- NAK, or no answer ---------------+    somebody: DECLINE --+           T1 |     | ACK
 *    |                                                                                       v     |
 *    +---- expired, NAK -- REBINDING (to all) &lt;-- T2 -- RENEWING (to the server) ------------+-----+
 * </pre>
 *
 * <p>After {@link #start}, and after each call that tells what has happened, {@link #poll} is asked
 * until it answers null, and {@link #onTimeout} is called once {@link #nextDeadline()} has passed.
 */
public final class DhcpMachine {
  /** The states of figure 5, and one for the check of the address (RFC 2131 §4.4.1). */
  public enum State {
    /** Nothing yet, or waiting to begin again. */
    INIT,
    /** Offers are waited for. */
    SELECTING,
    /** The server is waited for to confirm its offer. */
    REQUESTING,
    /** The address is being checked. */
    CHECKING,
    /** The address is ours. */
    BOUND,
    /** The server is asked to prolong the lease. */
    RENEWING,
    /** All servers are. */
    REBINDING,
    /** Released. */
    STOPPED
  }

  private static final long SECOND = 1_000_000_000;
  private static final int EVERYBODY = -1;

  // RFC 2131 §4.1: 4 seconds, doubled up to 64, each more or less by up to one.
  private static final int FIRST_WAIT = 4;
  private static final int LAST_WAIT = 64;

  /** RFC 2131 §3.1 step 5: "for example" four times. */
  private static final int MOST_REQUESTS = 4;

  /** RFC 2131 §4.4.5. */
  private static final long LEAST_RENEWAL_WAIT = 60 * SECOND;

  /** RFC 2131 §3.1 step 5: at least ten seconds after a DHCPDECLINE. */
  private static final long DECLINE_WAIT = 10 * SECOND;

  private final DhcpIdentity client;
  private final int maxSize;
  private final long startDelay;
  private final RandomGenerator random;
  private final Queue<DhcpOutput> outputs = new ArrayDeque<>();
  private State state = State.INIT;
  private long deadline = Long.MAX_VALUE;
  private int xid;
  private int tries;
  private long begun;
  private long asked;

  /** The seconds field of the last DHCPDISCOVER. */
  private int discovered;

  /** The server whose offer was taken, and the address in it. */
  private int server;

  private int offered;
  private DhcpLease lease;

  /**
   * Creates a machine.
   *
   * @param maxSize the largest message that can be taken, in bytes (RFC 2132 §9.10)
   * @param startDelay the longest time to wait before the first message, nanoseconds, so that hosts
   *     that start together do not speak together (RFC 2131 §4.4.1)
   */
  public DhcpMachine(DhcpIdentity client, int maxSize, long startDelay, RandomGenerator random) {
    this.client = client;
    this.maxSize = maxSize;
    this.startDelay = startDelay;
    this.random = random;
  }

  /** Begins. */
  public void start(long now) {
    beginAgain(now, startDelay == 0 ? 0 : random.nextLong(startDelay));
  }

  private void beginAgain(long now, long wait) {
    state = State.INIT;
    lease = null;
    deadline = now + wait;
    if (wait == 0) {
      discover(now);
    }
  }

  // ---- what happens ----

  /**
   * A datagram from port 67 to port 68.
   *
   * @return whether it was a message for us that meant something
   */
  public boolean onMessage(byte[] bytes, long now) {
    DhcpMessage message = DhcpMessage.read(bytes, client);
    if (message == null || message.xid() != xid) {
      return false;
    }
    return switch (state) {
      case SELECTING -> message.type() == DhcpMessage.OFFER && onOffer(message, now);
      case REQUESTING -> message.server() == server && onAnswer(message, now);
      case RENEWING -> message.server() == lease.server() && onAnswer(message, now);
      case REBINDING -> onAnswer(message, now);
      case INIT, CHECKING, BOUND, STOPPED -> false;
    };
  }

  private boolean onOffer(DhcpMessage message, long now) {
    if (DhcpLease.of(message, now) == null) {
      return false; // something that we could not use: another server may offer more
    }
    server = message.server();
    offered = message.address();
    state = State.REQUESTING;
    tries = 0;
    request(now);
    return true;
  }

  private boolean onAnswer(DhcpMessage message, long now) {
    if (message.type() == DhcpMessage.NAK) {
      lose();
      // Not at once, lest a server that refuses all is asked without end.
      beginAgain(now, FIRST_WAIT * SECOND + jitter());
      return true;
    }
    DhcpLease granted = message.type() == DhcpMessage.ACK ? DhcpLease.of(message, asked) : null;
    if (granted == null) {
      return false;
    }
    if (state == State.REQUESTING) {
      lease = granted;
      state = State.CHECKING;
      deadline = granted.expiresAt();
      outputs.add(new DhcpOutput.Check(granted));
      return true;
    }
    if (!granted.prefix().equals(lease.prefix())) {
      return false; // what was asked for was this address, and no other
    }
    bind(granted);
    return true;
  }

  private void bind(DhcpLease granted) {
    lease = granted;
    state = State.BOUND;
    deadline = granted.renewAt();
    outputs.add(new DhcpOutput.Bind(granted));
  }

  /** What came of {@link DhcpOutput.Check}. */
  public void onChecked(boolean free, long now) {
    if (state != State.CHECKING) {
      return;
    }
    if (free) {
      bind(lease);
    } else {
      decline(now);
    }
  }

  /** Somebody else uses our address and does not stop (RFC 5227 §2.4). */
  public void onConflict(long now) {
    if (lease != null && state != State.CHECKING) {
      outputs.add(new DhcpOutput.Lose(lease));
      decline(now);
    }
  }

  /** RFC 2131 §4.4.4. */
  private void decline(long now) {
    xid = random.nextInt();
    DhcpMessage.Writer writer = new DhcpMessage.Writer(DhcpMessage.DECLINE, xid, 0, 0, client);
    writer.address(DhcpOptions.REQUESTED_ADDRESS, lease.prefix().address().v4Bits());
    writer.address(DhcpOptions.SERVER, lease.server());
    outputs.add(new DhcpOutput.Send(writer.end(), 0, EVERYBODY));
    beginAgain(now, DECLINE_WAIT + jitter());
  }

  /** Gives the address back and stops (RFC 2131 §4.4.6). */
  public void release() {
    boolean bound = state == State.BOUND || state == State.RENEWING || state == State.REBINDING;
    if (bound) {
      int address = lease.prefix().address().v4Bits();
      xid = random.nextInt();
      DhcpMessage.Writer writer =
          new DhcpMessage.Writer(DhcpMessage.RELEASE, xid, 0, address, client);
      writer.address(DhcpOptions.SERVER, lease.server());
      outputs.add(new DhcpOutput.Send(writer.end(), address, lease.server()));
    }
    state = State.STOPPED;
    deadline = Long.MAX_VALUE;
  }

  /** {@link #nextDeadline()} has passed. */
  public void onTimeout(long now) {
    switch (state) {
      case INIT -> discover(now);
      case SELECTING -> sendDiscover(now);
      case REQUESTING -> {
        if (tries < MOST_REQUESTS) {
          request(now);
        } else {
          discover(now);
        }
      }
      case CHECKING -> beginAgain(now, 0);
      case BOUND, RENEWING, REBINDING -> prolong(now);
      case STOPPED -> deadline = Long.MAX_VALUE;
    }
  }

  private void prolong(long now) {
    if (now >= lease.expiresAt()) {
      lose();
      beginAgain(now, 0);
      return;
    }
    State next = now >= lease.rebindAt() ? State.REBINDING : State.RENEWING;
    if (state != next) {
      state = next;
      begun = now;
      xid = random.nextInt();
    }
    asked = now;
    int address = lease.prefix().address().v4Bits();
    // RFC 2131 §4.3.2: with our address in ciaddr, and neither it nor a server as an option.
    DhcpMessage.Writer writer =
        new DhcpMessage.Writer(DhcpMessage.REQUEST, xid, seconds(now), address, client);
    byte[] message = writer.wishes(client, maxSize).end();
    boolean all = state == State.REBINDING;
    outputs.add(new DhcpOutput.Send(message, address, all ? EVERYBODY : lease.server()));
    // RFC 2131 §4.4.5: half of what is left, but not less than a minute.
    long end = all ? lease.expiresAt() : lease.rebindAt();
    deadline = Math.min(end, now + Math.max(LEAST_RENEWAL_WAIT, (end - now) / 2));
  }

  private void lose() {
    if (lease != null) {
      outputs.add(new DhcpOutput.Lose(lease));
      lease = null;
    }
  }

  // ---- messages ----

  private void discover(long now) {
    state = State.SELECTING;
    tries = 0;
    begun = now;
    lease = null;
    xid = random.nextInt();
    sendDiscover(now);
  }

  private void sendDiscover(long now) {
    discovered = seconds(now);
    DhcpMessage.Writer writer =
        new DhcpMessage.Writer(DhcpMessage.DISCOVER, xid, discovered, 0, client);
    outputs.add(new DhcpOutput.Send(writer.wishes(client, maxSize).end(), 0, EVERYBODY));
    backOff(now);
  }

  private void request(long now) {
    asked = now;
    // RFC 2131 §4.4.1: the same seconds as in the DHCPDISCOVER.
    DhcpMessage.Writer writer =
        new DhcpMessage.Writer(DhcpMessage.REQUEST, xid, discovered, 0, client);
    writer.address(DhcpOptions.REQUESTED_ADDRESS, offered);
    writer.address(DhcpOptions.SERVER, server);
    outputs.add(new DhcpOutput.Send(writer.wishes(client, maxSize).end(), 0, EVERYBODY));
    backOff(now);
  }

  private void backOff(long now) {
    long wait = Math.min(LAST_WAIT, (long) FIRST_WAIT << Math.min(tries, 4));
    tries++;
    deadline = now + wait * SECOND + jitter();
  }

  /** More or less than nothing by up to a second. */
  private long jitter() {
    return random.nextLong(-SECOND, SECOND);
  }

  private int seconds(long now) {
    return (int) Math.min(0xffff, (now - begun) / SECOND);
  }

  // ---- what is to be done ----

  /** The next thing to do, or null. */
  public DhcpOutput poll() {
    return outputs.poll();
  }

  /** When {@link #onTimeout} is due; {@code Long.MAX_VALUE} if never. */
  public long nextDeadline() {
    return deadline;
  }

  /** The state. */
  public State state() {
    return state;
  }
}

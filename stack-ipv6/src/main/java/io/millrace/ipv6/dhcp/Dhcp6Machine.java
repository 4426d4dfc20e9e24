package io.millrace.ipv6.dhcp;

import io.millrace.ip.IpAddress;
import io.millrace.ipv6.dhcp.Dhcp6Message.Option;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.random.RandomGenerator;

/**
 * The client's state machine (RFC 8415 §18.2).
 *
 * <pre>
 *   SOLICITING -- ADVERTISE --> REQUESTING -- REPLY --> BOUND -- T1 --> RENEWING -- T2 --> REBINDING
 *      ^  +------- REPLY with rapid commit -----------> ^ ^  &lt;-- REPLY ----+-- REPLY ---------+ |
 *      +------------------- no answer, or all lifetimes are over -------------------------------+
 *   CONFIRMING: the link has changed; then BOUND, or SOLICITING if the addresses do not fit it
 *   INFORMING -- REPLY --> INFORMED     (where neither addresses nor prefixes are wanted)
 * </pre>
 *
 * <p>Reconfigure messages are not accepted, and servers are not told that they would be (§18.2.11:
 * unauthenticated ones must not be).
 *
 * <p>After {@link #start}, and after each call that tells what has happened, {@link #poll} is asked
 * until it answers null, and {@link #onTimeout} is called once {@link #nextDeadline()} has passed.
 */
public final class Dhcp6Machine {
  /** Which exchange is under way. */
  public enum State {
    /** Not begun, or stopped. */
    IDLE,
    /** Servers are looked for. */
    SOLICITING,
    /** The server that was chosen is asked. */
    REQUESTING,
    /** What was granted is in use. */
    BOUND,
    /** The server is asked to prolong it. */
    RENEWING,
    /** All servers are. */
    REBINDING,
    /** After a change of the link it is asked whether the addresses still fit there. */
    CONFIRMING,
    /** Addresses are being given back or refused. */
    RETURNING,
    /** DNS servers are asked for. */
    INFORMING,
    /** They are known. */
    INFORMED
  }

  private static final long SECOND = 1_000_000_000;
  private static final long FOREVER = 0xffff_ffffL;
  private static final int BEST_PREFERENCE = 255;

  // RFC 8415 §7.6, in seconds.
  private static final int SOL_MAX_RT = 3_600;
  private static final int INF_MAX_RT = 3_600;
  private static final int CNF_MAX_RD = 10;
  private static final int IRT_DEFAULT = 86_400;
  private static final int IRT_MINIMUM = 600;

  /** What SOL_MAX_RT and INF_MAX_RT may be set to (§21.24, §21.25). */
  private static final int LEAST_MAX_RT = 60;

  private static final int MOST_MAX_RT = 86_400;

  private final Dhcp6Wishes wishes;
  private final RandomGenerator random;
  private final Retransmission timer;
  private final Dhcp6Requests requests;
  private final Queue<Dhcp6Output> outputs = new ArrayDeque<>();
  private State state = State.IDLE;
  private long deadline = Long.MAX_VALUE;
  private int transaction;
  private long begun;
  private int type;
  private boolean resent;
  private boolean stopping;

  /** The server that was chosen: its DUID. */
  private byte[] server;

  private int preference;
  private Dhcp6Binding binding;
  private int solMaxRt = SOL_MAX_RT;
  private int infMaxRt = INF_MAX_RT;

  /** What is asked for, or given back. */
  private List<Option> entries = List.of();

  /** Whether a Rebind is under way because the link has changed, before its time. */
  private boolean checking;

  /** Whether the first wait for advertisements is over. */
  private boolean waitedOnce;

  /** Creates a machine. */
  public Dhcp6Machine(Dhcp6Wishes wishes, RandomGenerator random) {
    this.wishes = wishes;
    this.random = random;
    this.timer = new Retransmission(random);
    this.requests = new Dhcp6Requests(wishes);
  }

  /** Begins: after a random delay of up to a second (§18.2.1, §18.2.6). */
  public void start(long now) {
    solicit(now);
    deadline = now + random.nextLong(SECOND);
  }

  // ---- exchanges, with the parameters of §7.6 ----

  private void solicit(long now) {
    server = null;
    preference = -1;
    if (wishes.onlyInformation()) {
      begin(State.INFORMING, Dhcp6Message.INFORMATION_REQUEST, 1, infMaxRt, 0, Long.MAX_VALUE, now);
    } else {
      begin(State.SOLICITING, Dhcp6Message.SOLICIT, 1, solMaxRt, 0, Long.MAX_VALUE, now);
    }
  }

  private void request(long now) {
    begin(State.REQUESTING, Dhcp6Message.REQUEST, 1, 30, 10, Long.MAX_VALUE, now);
    send(now);
  }

  private void begin(State next, int message, int irt, int mrt, int mrc, long until, long now) {
    state = next;
    type = message;
    transaction = random.nextInt(1 << 24);
    begun = now;
    resent = false;
    checking = false;
    timer.begin(irt, mrt, mrc, until);
    deadline = now;
  }

  private void send(long now) {
    begun = resent ? begun : now;
    byte[] to =
        switch (state) {
          case REQUESTING, RENEWING, RETURNING -> server;
          default -> null;
        };
    byte[] message = requests.write(state, type, transaction, to, now - begun, entries);
    outputs.add(new Dhcp6Output.Send(message));
    deadline = timer.sent(now, state == State.SOLICITING);
    resent = true;
  }

  // ---- what happens ----

  /**
   * A datagram from port 547 to port 546.
   *
   * @return whether it was a message for us that meant something
   */
  public boolean onMessage(byte[] bytes, long now) {
    Dhcp6Message message = Dhcp6Message.read(bytes);
    // §16: with our identifier in it, and with the server's; of the exchange that is under way.
    if (message == null
        || message.transaction() != transaction
        || !Arrays.equals(message.value(Dhcp6Message.CLIENT_ID), wishes.duid())
        || message.value(Dhcp6Message.SERVER_ID) == null
        || message.value(Dhcp6Message.SERVER_ID).length > 130) {
      return false;
    }
    limits(message);
    boolean reply = message.type() == Dhcp6Message.REPLY;
    return switch (state) {
      case SOLICITING -> reply ? onRapidReply(message, now) : onAdvertise(message, now);
      case REQUESTING, RENEWING, REBINDING -> reply && onReply(message, now);
      case CONFIRMING -> reply && onConfirmed(message, now);
      case INFORMING -> reply && onInformation(message, now);
      case RETURNING -> reply && isFrom(server, message) && returned(now);
      case IDLE, BOUND, INFORMED -> false;
    };
  }

  /** §18.2.9, §18.2.10: these count even where nothing else in the message does. */
  private void limits(Dhcp6Message message) {
    solMaxRt = limit(message.number(Dhcp6Message.SOL_MAX_RT, solMaxRt), solMaxRt);
    infMaxRt = limit(message.number(Dhcp6Message.INF_MAX_RT, infMaxRt), infMaxRt);
    if (state == State.SOLICITING) {
      timer.most(solMaxRt);
    } else if (state == State.INFORMING) {
      timer.most(infMaxRt);
    }
  }

  private static int limit(long said, int otherwise) {
    return said < LEAST_MAX_RT || said > MOST_MAX_RT ? otherwise : (int) said;
  }

  private static boolean isFrom(byte[] server, Dhcp6Message message) {
    return Arrays.equals(message.value(Dhcp6Message.SERVER_ID), server);
  }

  private boolean onAdvertise(Dhcp6Message message, long now) {
    if (message.type() != Dhcp6Message.ADVERTISE || !resent || message.status() != 0) {
      return false;
    }
    Dhcp6Binding offered = Dhcp6Grants.read(message, wishes, null, now);
    if (offered == null || offered.isEmpty()) {
      return false; // §18.2.9: what offers nothing is not looked at
    }
    if (message.preference() > preference) {
      preference = message.preference();
      server = message.value(Dhcp6Message.SERVER_ID);
      entries = Dhcp6Requests.entriesOf(offered);
    }
    // §18.2.1: the first wait is for the best of all; later the first one that answers is taken.
    if (preference == BEST_PREFERENCE || waitedOnce) {
      request(now);
    }
    return true;
  }

  private boolean onRapidReply(Dhcp6Message message, long now) {
    boolean wanted = wishes.rapidCommit() && resent && message.has(Dhcp6Message.RAPID_COMMIT);
    return wanted && message.status() == 0 && bind(message, now);
  }

  private boolean onReply(Dhcp6Message message, long now) {
    if (state != State.REBINDING && !isFrom(server, message)) {
      return false;
    }
    if (message.status() == 0 && bind(message, now)) {
      return true;
    }
    if (state == State.REQUESTING) {
      // §18.2.10.1: this server does not give what it has offered.
      lose();
      restart(now);
      return true;
    }
    if (hasNoBinding(message)) {
      // §18.2.10.1: it does not know us any more, and may give us the same again.
      server = message.value(Dhcp6Message.SERVER_ID);
      request(now);
      return true;
    }
    return false; // prolonged by nobody yet: the lifetimes go on
  }

  private boolean hasNoBinding(Dhcp6Message message) {
    return message.status() == Dhcp6Message.NO_BINDING
        || hasNoBinding(message.association(Dhcp6Message.IA_NA, wishes.iaid()))
        || hasNoBinding(message.association(Dhcp6Message.IA_PD, wishes.iaid()));
  }

  private static boolean hasNoBinding(Dhcp6Message.Association association) {
    return association != null && association.status() == Dhcp6Message.NO_BINDING;
  }

  private boolean onConfirmed(Dhcp6Message message, long now) {
    if (message.status() == Dhcp6Message.NOT_ON_LINK) {
      lose();
      restart(now);
    } else {
      resume(now);
    }
    return true;
  }

  private void restart(long now) {
    waitedOnce = false;
    entries = List.of();
    solicit(now);
    deadline = now + SECOND + random.nextLong(SECOND);
  }

  private boolean bind(Dhcp6Message message, long now) {
    Dhcp6Binding granted = Dhcp6Grants.read(message, wishes, binding, now);
    if (granted == null || (granted.isEmpty() && binding == null)) {
      return false;
    }
    if (granted.isEmpty()) {
      lose();
      restart(now);
      return true;
    }
    server = message.value(Dhcp6Message.SERVER_ID);
    binding = granted;
    entries = Dhcp6Requests.entriesOf(granted);
    state = State.BOUND;
    checking = false;
    deadline = granted.renewAt();
    outputs.add(new Dhcp6Output.Bind(granted));
    return true;
  }

  private boolean onInformation(Dhcp6Message message, long now) {
    if (!resent || message.status() != 0) {
      return false;
    }
    state = State.INFORMED;
    // §21.23: what is too short is taken for the shortest.
    long refresh = message.number(Dhcp6Message.REFRESH_TIME, IRT_DEFAULT);
    deadline = refresh == FOREVER ? Long.MAX_VALUE : now + Math.max(refresh, IRT_MINIMUM) * SECOND;
    outputs.add(new Dhcp6Output.Inform(message.dnsServers(), message.domains()));
    return true;
  }

  /** Duplicate address detection has found that somebody has an address of ours (§18.2.8). */
  public void onDuplicate(IpAddress address, long now) {
    boolean ours =
        binding != null
            && binding.addresses().stream().anyMatch(each -> each.address().equals(address));
    if (ours && state != State.RETURNING) {
      giveBack(Dhcp6Message.DECLINE, List.of(Dhcp6Requests.address(address)), now);
    }
  }

  /**
   * The link may be another one than before: it was away, or its router is another (§18.2.12). What
   * is bound is checked, after a random delay of up to a second, and used on meanwhile.
   */
  public void onLinkChange(long now) {
    switch (state) {
      case BOUND, RENEWING, REBINDING, CONFIRMING -> check(now);
      case INFORMED -> start(now);
      case IDLE, SOLICITING, REQUESTING, RETURNING, INFORMING -> {}
    }
  }

  private void check(long now) {
    long first = now + random.nextLong(SECOND);
    long until = first + CNF_MAX_RD * SECOND;
    entries = Dhcp6Requests.entriesOf(binding);
    // Confirm cannot ask about prefixes; Rebind with its times can.
    if (binding.prefixes().isEmpty()) {
      begin(State.CONFIRMING, Dhcp6Message.CONFIRM, 1, 4, 0, until, now);
    } else {
      begin(State.REBINDING, Dhcp6Message.REBIND, 1, 4, 0, until, now);
      checking = true;
    }
    deadline = first;
  }

  /** Nobody says that what is bound does not fit (§18.2.3). */
  private void resume(long now) {
    state = State.BOUND;
    deadline = binding.renewAt();
    if (now >= deadline) {
      prolong(now);
    }
  }

  /** Gives everything back and stops (§18.2.7). */
  public void release(long now) {
    if (binding != null && state != State.RETURNING) {
      giveBack(Dhcp6Message.RELEASE, Dhcp6Requests.entriesOf(binding), now);
      stopping = true;
    } else {
      stopping = true;
      if (state != State.RETURNING) {
        stop();
      }
    }
  }

  private void giveBack(int message, List<Option> what, long now) {
    // §18.2.7, §18.2.8: not used from the moment on at which it is being given back.
    lose();
    begin(State.RETURNING, message, 1, 0, 4, Long.MAX_VALUE, now);
    entries = what;
    send(now);
  }

  private boolean returned(long now) {
    if (stopping) {
      stop();
    } else {
      restart(now);
    }
    return true;
  }

  private void stop() {
    state = State.IDLE;
    deadline = Long.MAX_VALUE;
  }

  private void lose() {
    if (binding != null) {
      outputs.add(new Dhcp6Output.Lose(binding));
      binding = null;
    }
  }

  /** {@link #nextDeadline()} has passed. */
  public void onTimeout(long now) {
    switch (state) {
      case SOLICITING -> {
        if (resent) {
          waitedOnce = true;
        }
        if (server != null) {
          request(now);
        } else {
          send(now);
        }
      }
      case INFORMING -> send(now);
      case REQUESTING -> {
        if (timer.maySend(now)) {
          send(now);
        } else {
          lose();
          restart(now);
        }
      }
      case BOUND, RENEWING, REBINDING -> prolong(now);
      case CONFIRMING -> {
        if (timer.maySend(now)) {
          send(now);
        } else {
          resume(now);
        }
      }
      case RETURNING -> {
        if (timer.maySend(now)) {
          send(now);
        } else {
          returned(now);
        }
      }
      case INFORMED -> {
        solicit(now);
        send(now);
      }
      case IDLE -> deadline = Long.MAX_VALUE;
    }
  }

  private void prolong(long now) {
    if (now >= binding.expiresAt()) {
      lose();
      restart(now);
      return;
    }
    if (checking) {
      if (timer.maySend(now)) {
        send(now);
      } else {
        checking = false;
        resume(now);
      }
      return;
    }
    if (now >= binding.rebindAt() && state != State.REBINDING) {
      begin(State.REBINDING, Dhcp6Message.REBIND, 10, 600, 0, binding.expiresAt(), now);
    } else if (state == State.BOUND) {
      begin(State.RENEWING, Dhcp6Message.RENEW, 10, 600, 0, binding.rebindAt(), now);
    }
    send(now);
  }

  // ---- what is to be done ----

  /** The next thing to do, or null. */
  public Dhcp6Output poll() {
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

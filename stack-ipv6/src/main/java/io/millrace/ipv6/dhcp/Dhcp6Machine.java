package io.millrace.ipv6.dhcp;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ipv6.dhcp.Dhcp6Message.Option;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
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
 *   INFORMING -- REPLY --> INFORMED     (where neither addresses nor prefixes are wanted)
 * </pre>
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

  /** RFC 8415 §7.6: INFORMATION_REFRESH_TIME where the server does not say. */
  private static final long REFRESH = 86_400 * SECOND;

  /** A lease that ends within seconds would only be work. */
  private static final long LEAST_VALID = 10;

  private final Dhcp6Wishes wishes;
  private final RandomGenerator random;
  private final Retransmission timer;
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

  /** What is asked for, or given back. */
  private List<Option> entries = List.of();

  /** Whether the first wait for advertisements is over. */
  private boolean waitedOnce;

  /** Creates a machine. */
  public Dhcp6Machine(Dhcp6Wishes wishes, RandomGenerator random) {
    this.wishes = wishes;
    this.random = random;
    this.timer = new Retransmission(random);
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
      begin(State.INFORMING, Dhcp6Message.INFORMATION_REQUEST, 1, 3_600, 0, Long.MAX_VALUE, now);
    } else {
      begin(State.SOLICITING, Dhcp6Message.SOLICIT, 1, 3_600, 0, Long.MAX_VALUE, now);
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
    timer.begin(irt, mrt, mrc, until);
    deadline = now;
  }

  private void send(long now) {
    begun = resent ? begun : now;
    Dhcp6Message.Writer writer = new Dhcp6Message.Writer(type, transaction);
    writer.option(Dhcp6Message.CLIENT_ID, wishes.duid());
    boolean toOne =
        switch (state) {
          case REQUESTING, RENEWING, RETURNING -> true;
          default -> false;
        };
    if (toOne) {
      writer.option(Dhcp6Message.SERVER_ID, server);
    }
    // §21.9: hundredths of a second since the exchange began.
    long elapsed = Math.min(0xffff, (now - begun) / (SECOND / 100));
    writer.option(Dhcp6Message.ELAPSED, (byte) (elapsed >>> 8), (byte) elapsed);
    if (state != State.RETURNING) {
      writer.option(
          Dhcp6Message.OPTION_REQUEST,
          (byte) 0,
          (byte) Dhcp6Message.DNS_SERVERS,
          (byte) 0,
          (byte) Dhcp6Message.DOMAINS);
    }
    if (state == State.SOLICITING && wishes.rapidCommit()) {
      writer.option(Dhcp6Message.RAPID_COMMIT);
    }
    associations(writer);
    outputs.add(new Dhcp6Output.Send(writer.end()));
    deadline = timer.sent(now, state == State.SOLICITING);
    resent = true;
  }

  private void associations(Dhcp6Message.Writer writer) {
    List<Option> addresses = of(Dhcp6Message.IA_ADDRESS);
    List<Option> prefixes = of(Dhcp6Message.IA_PREFIX);
    boolean returning = state == State.RETURNING;
    if (returning ? !addresses.isEmpty() : wishes.addresses()) {
      writer.association(Dhcp6Message.IA_NA, wishes.iaid(), addresses);
    }
    if (returning ? !prefixes.isEmpty() : wishes.prefixLength() != 0) {
      boolean hint = prefixes.isEmpty();
      List<Option> inside =
          hint
              ? List.of(prefix(new IpPrefix(new IpAddress(0, 0), wishes.prefixLength())))
              : prefixes;
      writer.association(Dhcp6Message.IA_PD, wishes.iaid(), inside);
    }
  }

  private List<Option> of(int kind) {
    return entries.stream().filter(each -> each.code() == kind).toList();
  }

  private static Option address(IpAddress address) {
    ByteBuffer value = ByteBuffer.allocate(24).putLong(address.hi()).putLong(address.lo());
    return new Option(Dhcp6Message.IA_ADDRESS, value.array());
  }

  private static Option prefix(IpPrefix prefix) {
    ByteBuffer value = ByteBuffer.allocate(25).putLong(0).put((byte) prefix.length());
    value.putLong(prefix.address().hi()).putLong(prefix.address().lo());
    return new Option(Dhcp6Message.IA_PREFIX, value.array());
  }

  private static List<Option> entriesOf(Dhcp6Binding of) {
    List<Option> all = new ArrayList<>();
    of.addresses().forEach(each -> all.add(address(each.address())));
    of.prefixes().forEach(each -> all.add(prefix(each.prefix())));
    return all;
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
    boolean reply = message.type() == Dhcp6Message.REPLY;
    return switch (state) {
      case SOLICITING -> reply ? onRapidReply(message, now) : onAdvertise(message, now);
      case REQUESTING, RENEWING, REBINDING -> reply && onReply(message, now);
      case INFORMING -> reply && onInformation(message, now);
      case RETURNING -> reply && isFrom(server, message) && returned(now);
      case IDLE, BOUND, INFORMED -> false;
    };
  }

  private static boolean isFrom(byte[] server, Dhcp6Message message) {
    return Arrays.equals(message.value(Dhcp6Message.SERVER_ID), server);
  }

  private boolean onAdvertise(Dhcp6Message message, long now) {
    // §18.2.9: what offers nothing is not looked at.
    if (message.type() != Dhcp6Message.ADVERTISE
        || !resent
        || message.status() != 0
        || granted(message, now).isEmpty()) {
      return false;
    }
    if (message.preference() > preference) {
      preference = message.preference();
      server = message.value(Dhcp6Message.SERVER_ID);
      entries = entriesOf(granted(message, now));
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
      restart(now);
      return true;
    }
    return false; // prolonged by nobody yet: the lifetimes go on
  }

  private void restart(long now) {
    waitedOnce = false;
    entries = List.of();
    solicit(now);
    deadline = now + SECOND + random.nextLong(SECOND);
  }

  private boolean bind(Dhcp6Message message, long now) {
    Dhcp6Binding granted = granted(message, now);
    if (granted.isEmpty()) {
      return false;
    }
    server = message.value(Dhcp6Message.SERVER_ID);
    binding = granted;
    entries = entriesOf(granted);
    state = State.BOUND;
    deadline = granted.renewAt();
    outputs.add(new Dhcp6Output.Bind(granted));
    return true;
  }

  /** What a message grants; times from now on. */
  private Dhcp6Binding granted(Dhcp6Message message, long now) {
    List<Dhcp6Binding.Address> addresses = new ArrayList<>();
    List<Dhcp6Binding.Prefix> prefixes = new ArrayList<>();
    long t1 = FOREVER;
    long t2 = FOREVER;
    long shortest = FOREVER;
    long longest = 0;
    for (int kind : new int[] {Dhcp6Message.IA_NA, Dhcp6Message.IA_PD}) {
      boolean wanted = kind == Dhcp6Message.IA_NA ? wishes.addresses() : wishes.prefixLength() != 0;
      Dhcp6Message.Association found = wanted ? message.association(kind, wishes.iaid()) : null;
      if (found == null || found.status() != 0) {
        continue;
      }
      int inner = kind == Dhcp6Message.IA_NA ? Dhcp6Message.IA_ADDRESS : Dhcp6Message.IA_PREFIX;
      for (Dhcp6Message.Entry each : Dhcp6Message.entries(found, inner)) {
        if (each.valid() < LEAST_VALID) {
          continue;
        }
        long preferred = at(now, each.preferred());
        long valid = at(now, each.valid());
        if (kind == Dhcp6Message.IA_NA) {
          addresses.add(new Dhcp6Binding.Address(each.prefix().address(), preferred, valid));
        } else {
          prefixes.add(new Dhcp6Binding.Prefix(each.prefix(), preferred, valid));
        }
        shortest = Math.min(shortest, Math.max(each.preferred(), LEAST_VALID));
        longest = Math.max(longest, each.valid());
      }
      t1 = found.t1() == 0 ? t1 : Math.min(t1, found.t1());
      t2 = found.t2() == 0 ? t2 : Math.min(t2, found.t2());
    }
    // §21.4: where the server leaves it to us, half and four fifths of the shortest time.
    t1 = t1 == FOREVER && shortest != FOREVER ? shortest / 2 : t1;
    t2 = t2 == FOREVER && shortest != FOREVER ? shortest * 4 / 5 : t2;
    long end = at(now, longest);
    long rebind = Math.min(at(now, Math.max(t2, 2)), end);
    long renew = Math.min(at(now, Math.max(t1, 1)), rebind);
    return new Dhcp6Binding(
        addresses, prefixes, message.dnsServers(), message.domains(), renew, rebind, end);
  }

  private static long at(long now, long seconds) {
    return seconds == FOREVER ? Long.MAX_VALUE : now + seconds * SECOND;
  }

  private boolean onInformation(Dhcp6Message message, long now) {
    if (!resent || message.status() != 0) {
      return false;
    }
    state = State.INFORMED;
    deadline = now + REFRESH;
    outputs.add(new Dhcp6Output.Inform(message.dnsServers(), message.domains()));
    return true;
  }

  /** Duplicate address detection has found that somebody has an address of ours (§18.2.8). */
  public void onDuplicate(IpAddress address, long now) {
    boolean ours =
        binding != null
            && binding.addresses().stream().anyMatch(each -> each.address().equals(address));
    if (ours && state != State.RETURNING) {
      giveBack(Dhcp6Message.DECLINE, List.of(address(address)), 5, now);
    }
  }

  /** Gives everything back and stops (§18.2.7). */
  public void release(long now) {
    if (binding != null && state != State.RETURNING) {
      giveBack(Dhcp6Message.RELEASE, entriesOf(binding), 4, now);
      stopping = true;
    } else {
      stopping = true;
      if (state != State.RETURNING) {
        stop();
      }
    }
  }

  private void giveBack(int message, List<Option> what, int mrc, long now) {
    // §18.2.7, §18.2.8: not used from the moment on at which it is being given back.
    lose();
    begin(State.RETURNING, message, 1, 0, mrc, Long.MAX_VALUE, now);
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
          restart(now);
        }
      }
      case BOUND, RENEWING, REBINDING -> prolong(now);
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

package io.millrace.dns;

import io.millrace.ip.IpAddress;
import java.util.List;

/**
 * One question's way round the servers: whom to ask next, over what, and for how long to wait. Says
 * what to do and does nothing itself.
 *
 * <pre>
 *            +---- no answer, or a useless one: the next server; all asked: the next round ----+
 *            v                                                                                |
 *   start -> ASK_UDP -- cut short (TC) --> ASK_TCP --------------------------------------------+
 *            |   ^ no EDNS understood: the same server without it      rounds over -> GIVE_UP
 * </pre>
 */
final class QueryMachine {
  /** What to do now. */
  enum Action {
    /** Send the question to {@link #server()} over UDP. */
    ASK_UDP,
    /** Send the question to {@link #server()} over TCP. */
    ASK_TCP,
    /** Nobody can say. */
    GIVE_UP
  }

  /** TCP needs a handshake first. */
  private static final int TCP_PATIENCE = 2;

  private static final long MILLISECOND = 1_000_000;

  private final List<IpAddress> servers;
  private final int first;
  private final int rounds;
  private final long timeout;
  private int asked;
  private boolean edns = true;
  private boolean tcp;
  private long deadline = Long.MAX_VALUE;

  /**
   * Creates a machine.
   *
   * @param servers whom to ask, at least one
   * @param first the one to begin with
   */
  QueryMachine(List<IpAddress> servers, int first, DnsConfig config) {
    this.servers = servers;
    this.first = first;
    this.rounds = config.rounds();
    this.timeout = config.timeout() * MILLISECOND;
  }

  /** Begins. */
  Action start(long now) {
    return ask(now);
  }

  /** The server's answer was cut short (RFC 7766 §5: TCP must be tried). */
  Action onTruncated(long now) {
    if (tcp) {
      return onUseless(now); // there is no reason to cut an answer short over TCP
    }
    tcp = true;
    return ask(now);
  }

  /** The server does not understand the query, with EDNS in it (RFC 6891 §7). */
  Action onNotUnderstood(long now) {
    if (!edns) {
      return onUseless(now);
    }
    edns = false;
    return ask(now);
  }

  /** The server cannot or will not say, or is not there: somebody else may. */
  Action onUseless(long now) {
    asked++;
    tcp = false;
    edns = true;
    if (asked >= servers.size() * rounds) {
      deadline = Long.MAX_VALUE;
      return Action.GIVE_UP;
    }
    return ask(now);
  }

  /** {@link #deadline()} has passed. */
  Action onTimeout(long now) {
    return onUseless(now);
  }

  private Action ask(long now) {
    long patience = timeout << (asked / servers.size());
    deadline = now + (tcp ? TCP_PATIENCE * patience : patience);
    return tcp ? Action.ASK_TCP : Action.ASK_UDP;
  }

  /** Whom to ask. */
  IpAddress server() {
    return servers.get(serverIndex());
  }

  int serverIndex() {
    return (first + asked) % servers.size();
  }

  /** Whether to ask with EDNS. */
  boolean edns() {
    return edns;
  }

  /** When to stop waiting for the server; {@code Long.MAX_VALUE} if nothing is waited for. */
  long deadline() {
    return deadline;
  }
}

package io.millrace.dns;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IcmpError;
import io.millrace.time.TimerNode;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;
import java.util.ArrayList;
import java.util.List;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;

/**
 * One open question to the servers, and all who wait for its answer. Every try has a port and an id
 * of its own, both by chance, and a socket that only hears the server that was asked (RFC 5452
 * §9.2).
 */
@SuppressWarnings("ReferenceEquality") // what an older try still hears is not this one's
final class DnsQuery extends TimerNode implements UdpHandler, DnsStream.Listener {
  private final DnsResolver resolver;
  private final Question question;
  private final QueryMachine machine;
  private final List<NameLookup> waiting = new ArrayList<>();
  private UdpSocket socket;
  private DnsStream stream;
  private Message query;
  private boolean done;

  DnsQuery(DnsResolver resolver, Question question, QueryMachine machine) {
    this.resolver = resolver;
    this.question = question;
    this.machine = machine;
  }

  void start() {
    act(machine.start(resolver.now()));
  }

  // ---- who waits ----

  void add(NameLookup lookup) {
    waiting.add(lookup);
    lookup.waitsFor(this);
  }

  /** Without anybody who waits, the question is given up. */
  void remove(NameLookup lookup) {
    waiting.remove(lookup);
    if (waiting.isEmpty() && !done) {
      finish();
      resolver.forget(question);
    }
  }

  // ---- asking ----

  private void act(QueryMachine.Action first) {
    QueryMachine.Action action = first;
    while (!done) {
      hangUp();
      boolean asked =
          switch (action) {
            case ASK_UDP -> askOverUdp();
            case ASK_TCP -> askOverTcp();
            case GIVE_UP -> {
              end(new Reply.Failed("no DNS server answers", 1));
              yield true;
            }
          };
      if (asked) {
        break;
      }
      action = machine.onUseless(resolver.now());
    }
    if (!done) {
      resolver.shard().wheel().schedule(this, machine.deadline());
    }
  }

  private boolean askOverUdp() {
    query = resolver.message(question, machine.edns());
    try {
      socket = Udp.of(resolver.shard()).connect(machine.server(), resolver.config().port(), this);
    } catch (RuntimeException e) {
      return false; // no route, no port, no socket: another server may be reached another way
    }
    Frame datagram = socket.newDatagram();
    if (datagram != null) {
      byte[] wire = query.toWire();
      Bytes.copyIn(wire, 0, datagram.append(wire.length), wire.length);
      // What could not be sent is as what got lost: the timer sees to it.
      socket.sendFrame(datagram);
    }
    resolver.shard().counters().increment(Counter.DNS_QUERIES_OUT);
    return true;
  }

  private boolean askOverTcp() {
    query = resolver.message(question, machine.edns());
    stream =
        DnsStream.ask(resolver.shard(), machine.server(), resolver.config().port(), query, this);
    if (stream != null) {
      resolver.shard().counters().increment(Counter.DNS_QUERIES_OUT);
    }
    return stream != null;
  }

  private void hangUp() {
    if (socket != null) {
      socket.close();
      socket = null;
    }
    if (stream != null) {
      stream.close();
      stream = null;
    }
  }

  // ---- what comes back ----

  @Override
  public void onDatagram(UdpSocket from, Frame data, long hi, long lo, int port) {
    if (from == socket) {
      onMessage(data.toByteArray());
    }
  }

  @Override
  public void onError(UdpSocket from, IcmpError error, long hi, long lo, int port) {
    if (from == socket && error != IcmpError.PACKET_TOO_BIG) {
      act(machine.onUseless(resolver.now()));
    }
  }

  @Override
  public void onMessage(DnsStream from, byte[] wire) {
    if (from == stream) {
      onMessage(wire);
    }
  }

  @Override
  public void onEnd(DnsStream from) {
    if (from == stream) {
      act(machine.onUseless(resolver.now()));
    }
  }

  private void onMessage(byte[] wire) {
    Message message = DnsMessages.parse(wire);
    if (message == null) {
      // RFC 5452 §9.1: what is not the answer is passed over, and the answer may still come.
      resolver.shard().counters().drop(DropReason.DNS_MALFORMED);
    } else if (!DnsMessages.isAnswer(message, query, resolver.config().mixCase())) {
      resolver.shard().counters().drop(DropReason.DNS_UNEXPECTED);
    } else {
      onAnswer(message);
    }
  }

  private void onAnswer(Message message) {
    long now = resolver.now();
    if (message.getHeader().getFlag(Flags.TC)) {
      resolver.shard().counters().increment(Counter.DNS_TRUNCATED);
      act(machine.onTruncated(now));
      return;
    }
    switch (message.getRcode()) {
      case Rcode.NOERROR, Rcode.NXDOMAIN -> {
        resolver.answered(machine.serverIndex());
        end(ReplyReader.read(message, question));
      }
      case Rcode.FORMERR, Rcode.NOTIMP -> act(machine.onNotUnderstood(now));
      default -> act(machine.onUseless(now));
    }
  }

  @Override
  protected void onTimer(long now) {
    resolver.shard().counters().increment(Counter.DNS_TIMEOUTS);
    resolver.silent(machine.serverIndex());
    act(machine.onTimeout(now));
  }

  /** The answer is there, or none will come. */
  void end(Reply reply) {
    if (done) {
      return;
    }
    finish();
    resolver.ended(question, reply);
    for (NameLookup lookup : List.copyOf(waiting)) {
      lookup.onReply(reply);
    }
  }

  private void finish() {
    done = true;
    resolver.shard().wheel().cancel(this);
    hangUp();
  }
}

package io.millrace.dns;

import io.millrace.buf.Buffer;
import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpSocket;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Master;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** A DNS server that says what a test tells it to, over UDP and TCP. */
final class TestServer {
  /** Not 53: the decoder that watches the link takes DNS over TCP for malformed. */
  static final int PORT = 5300;

  /** Queries received, over UDP. */
  final List<Message> asked = new ArrayList<>();

  final List<Integer> ports = new ArrayList<>();

  /** Queries received over TCP. */
  int askedOverTcp;

  private final Map<String, List<Record>> zone = new HashMap<>();
  private final Set<Name> names = new HashSet<>();

  /** Makes another message of an answer, or null to say nothing. */
  private UnaryOperator<Message> changed = UnaryOperator.identity();

  /** Makes the bytes to be sent over UDP of an answer, any number of messages. */
  private Function<byte[], List<byte[]>> sent = List::of;

  TestServer(Shard shard) {
    Udp.of(shard).bind(PORT, (socket, data, hi, lo, port) -> onQuery(socket, data, hi, lo, port));
    Tcp.of(shard).listen(null, PORT, connection -> new Stream(), 16);
  }

  /**
   * Adds records in the form of a zone file; the name of the first is the one that is asked for.
   */
  TestServer has(String... lines) {
    List<Record> records = new ArrayList<>();
    for (String line : lines) {
      records.add(record(line));
    }
    Record first = records.get(0);
    int type = records.get(records.size() - 1).getType();
    names.add(first.getName());
    for (int each :
        type == Type.A || type == Type.AAAA ? new int[] {type} : new int[] {Type.A, Type.AAAA}) {
      zone.put(first.getName().toString() + each, records);
    }
    return this;
  }

  static Record record(String line) {
    try (Master master =
        new Master(
            new java.io.ByteArrayInputStream(
                line.getBytes(java.nio.charset.StandardCharsets.US_ASCII)),
            Name.root,
            300)) {
      return master.nextRecord();
    } catch (IOException e) {
      throw new IllegalArgumentException(line, e);
    }
  }

  TestServer changing(UnaryOperator<Message> change) {
    changed = change;
    return this;
  }

  TestServer sending(Function<byte[], List<byte[]>> how) {
    sent = how;
    return this;
  }

  /** Says nothing any more. */
  TestServer silent() {
    return sending(wire -> List.of());
  }

  private Message answer(Message query) {
    Message answer = new Message(query.getHeader().getID());
    answer.getHeader().setFlag(Flags.QR);
    answer.getHeader().setFlag(Flags.RA);
    Record question = query.getQuestion();
    answer.addRecord(question, Section.QUESTION);
    Name lower = DnsMessages.name(question.getName().toString().toLowerCase(java.util.Locale.ROOT));
    List<Record> records = zone.get(lower.toString() + question.getType());
    if (records != null) {
      records.forEach(each -> answer.addRecord(each, Section.ANSWER));
    } else {
      answer.getHeader().setRcode(names.contains(lower) ? Rcode.NOERROR : Rcode.NXDOMAIN);
      answer.addRecord(soa(), Section.AUTHORITY);
    }
    return changed.apply(answer);
  }

  static Record soa() {
    return new org.xbill.DNS.SOARecord(
        Name.root, DClass.IN, 600, Name.root, Name.root, 1, 2, 3, 4, 60);
  }

  private void onQuery(UdpSocket socket, Frame data, long hi, long lo, int port) {
    try {
      Message query = new Message(data.toByteArray());
      asked.add(query);
      ports.add(port);
      Message answer = answer(query);
      for (byte[] wire : answer == null ? List.<byte[]>of() : sent.apply(answer.toWire())) {
        Frame out = socket.newDatagram();
        Bytes.copyIn(wire, 0, out.append(wire.length), wire.length);
        socket.sendFrame(out, hi, lo, port);
      }
    } catch (IOException e) {
      throw new AssertionError("a query that cannot be read", e);
    }
  }

  private final class Stream implements TcpHandler {
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();

    @Override
    public void onData(TcpConnection connection, Buffer data) {
      received.writeBytes(data.toByteArray());
      byte[] all = received.toByteArray();
      if (all.length > 2 && all.length == ((all[0] & 0xff) << 8 | (all[1] & 0xff)) + 2) {
        askedOverTcp++;
        try {
          Message answer = answer(new Message(java.util.Arrays.copyOfRange(all, 2, all.length)));
          answer.getHeader().unsetFlag(Flags.TC);
          byte[] wire = answer.toWire();
          // In pieces, as a network may bring them.
          connection.send(new byte[] {(byte) (wire.length >> 8)}, 0, 1);
          connection.send(new byte[] {(byte) wire.length}, 0, 1);
          connection.send(wire, 0, wire.length);
        } catch (IOException e) {
          throw new AssertionError("a query that cannot be read", e);
        }
      }
    }
  }
}

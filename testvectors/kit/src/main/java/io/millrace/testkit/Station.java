package io.millrace.testkit;

import io.millrace.link.Ethernet;
import io.millrace.testkit.packet.Decoded;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * An end of a link that is no stack: a test writes frames to it byte by byte, and reads what the
 * stack at the other end sent. On request it answers ARP, as a host would.
 */
public final class Station {
  private final SimulatedLink link;
  private final SimulatedLink.End end;
  private final long mac;
  private final Set<Integer> arpAddresses = new HashSet<>();
  private final Deque<byte[]> inbox = new ArrayDeque<>();
  private Consumer<byte[]> handler;

  Station(SimulatedLink link, SimulatedLink.End end) {
    this.link = link;
    this.end = end;
    this.mac = end.mac();
  }

  /** The station's link address, in the low 48 bits. */
  public long mac() {
    return mac;
  }

  /** Answers ARP requests for {@code address}, an IPv4 address such as {@code 10.0.0.9}. */
  public Station answersArpFor(String address) {
    arpAddresses.add(io.millrace.ip.IpAddress.parse(address).v4Bits());
    return this;
  }

  /** Hands every frame that arrives to {@code consumer} instead of keeping it. */
  public Station onFrame(Consumer<byte[]> consumer) {
    handler = consumer;
    return this;
  }

  /** Puts a frame on the link, from the Ethernet header on. */
  public void send(byte[] frame) {
    link.send(end, frame);
  }

  /** The next frame that has arrived and was not ARP answered here, or null. */
  public byte[] receive() {
    return inbox.poll();
  }

  /**
   * The next frame that has arrived, decoded.
   *
   * @throws AssertionError if there is none
   */
  public Decoded next() {
    byte[] frame = receive();
    if (frame == null) {
      throw new AssertionError("no frame has arrived at " + Ethernet.format(mac));
    }
    return Decoded.of(frame);
  }

  /** Everything that has arrived, decoded; empties the inbox. */
  public List<Decoded> drain() {
    List<Decoded> all = new ArrayList<>();
    byte[] frame;
    while ((frame = receive()) != null) {
      all.add(Decoded.of(frame));
    }
    return all;
  }

  /** Takes what has arrived by now; returns how many frames. Called by the world. */
  int poll(long now) {
    int n = 0;
    byte[] frame;
    while ((frame = end.take(now)) != null) {
      n++;
      if (answerArp(frame)) {
        continue;
      }
      if (handler != null) {
        handler.accept(frame);
      } else {
        inbox.add(frame);
      }
    }
    return n;
  }

  /** RFC 826: who asks for one of our addresses gets ours, whoever else is on the link. */
  private boolean answerArp(byte[] frame) {
    boolean isRequest =
        frame.length >= 42 && u16(frame, 12) == Ethernet.TYPE_ARP && u16(frame, 20) == 1;
    if (!isRequest || !arpAddresses.contains(u16(frame, 38) << 16 | u16(frame, 40))) {
      return false;
    }
    byte[] answer = new byte[42];
    System.arraycopy(frame, 6, answer, 0, 6);
    putMac(answer, 6);
    System.arraycopy(frame, 12, answer, 12, 8);
    answer[21] = 2;
    putMac(answer, 22);
    System.arraycopy(frame, 38, answer, 28, 4);
    System.arraycopy(frame, 22, answer, 32, 10);
    send(answer);
    return true;
  }

  private void putMac(byte[] frame, int at) {
    for (int i = 0; i < 6; i++) {
      frame[at + i] = (byte) (mac >>> (40 - 8 * i));
    }
  }

  private static int u16(byte[] bytes, int at) {
    return (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
  }
}

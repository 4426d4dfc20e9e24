package io.millrace.testkit.host;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.transport.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A transport that remembers what it is given. */
public final class TestTransport implements Transport {
  /** A datagram as it arrived. */
  public record Received(
      IpAddress source,
      IpAddress destination,
      int trafficClass,
      int hopLimit,
      int flags,
      List<Byte> data) {
    /** The data, from the transport header on. */
    public byte[] bytes() {
      byte[] copy = new byte[data.size()];
      for (int i = 0; i < copy.length; i++) {
        copy[i] = data.get(i);
      }
      return copy;
    }

    private static List<Byte> list(byte[] bytes) {
      List<Byte> all = new ArrayList<>(bytes.length);
      for (byte each : bytes) {
        all.add(each);
      }
      return all;
    }
  }

  /** An error as it was told. */
  public record Told(
      IcmpError error, int mtu, IpAddress source, IpAddress destination, int ports, int quoted) {}

  private final int protocol;

  /** What has come, in order. */
  public final List<Received> received = new ArrayList<>();

  /** The errors that this was told, in order. */
  public final List<Told> errors = new ArrayList<>();

  /** Keeps nothing, so that nothing is allocated. */
  public boolean forgetful;

  /** Is given the frames instead of releasing them. */
  public Consumer<Frame> taker;

  /** How many datagrams have come. */
  public long count;

  /** Stands in for the transport with this IP protocol number. */
  public TestTransport(int protocol) {
    this.protocol = protocol;
  }

  @Override
  public int protocol() {
    return protocol;
  }

  @Override
  public void input(Frame frame, long now) {
    count++;
    if (!forgetful) {
      received.add(
          new Received(
              new IpAddress(frame.sourceHi(), frame.sourceLo()),
              new IpAddress(frame.destinationHi(), frame.destinationLo()),
              frame.trafficClass(),
              frame.hopLimit(),
              frame.flags(),
              Received.list(frame.toByteArray())));
    }
    if (taker != null) {
      taker.accept(frame);
    } else {
      frame.release();
    }
  }

  @Override
  public void icmpError(
      IcmpError error,
      int mtu,
      long sourceHi,
      long sourceLo,
      long destinationHi,
      long destinationLo,
      long transportHeader,
      int quoted,
      long now) {
    errors.add(
        new Told(
            error,
            mtu,
            new IpAddress(sourceHi, sourceLo),
            new IpAddress(destinationHi, destinationLo),
            Bytes.i32(transportHeader),
            quoted));
  }

  @Override
  public boolean poll(long now) {
    return false;
  }

  @Override
  public void close(long now) {}
}

package io.millrace.testkit;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.ip.IcmpError;
import io.millrace.ip.Route;
import io.millrace.net.Shard;
import io.millrace.time.TimerNode;
import io.millrace.transport.Transport;
import io.millrace.transport.TransportProvider;

/**
 * A transport of its own for the kit's tests: sends every UDP datagram back after 10 ms, its ports
 * exchanged, which leaves the checksum as it was. A payload that starts with '!' throws, one that
 * starts with '?' spoils the checksum.
 */
public final class ParrotProvider implements TransportProvider {
  static final long DELAY = 10_000_000;

  @Override
  public int protocol() {
    return 17;
  }

  @Override
  public Transport create(Shard shard) {
    return new Parrot(shard);
  }

  private record Parrot(Shard shard) implements Transport {
    @Override
    public int protocol() {
      return 17;
    }

    @Override
    public void input(Frame frame, long now) {
      int first = frame.length() > 8 ? Bytes.u8(frame.address() + 8) : 0;
      if (first == '!') {
        frame.release();
        throw new IllegalStateException("on purpose");
      }
      if (first == '?') {
        Bytes.put16(frame.address() + 6, Bytes.u16(frame.address() + 6) ^ 1);
      }
      int ports = Bytes.i32(frame.address());
      Bytes.put32(frame.address(), ports << 16 | ports >>> 16);
      Route route = shard.route(0, 0xffffL << 32, frame.sourceHi(), frame.sourceLo());
      frame.clear(-1);
      shard
          .wheel()
          .schedule(
              new TimerNode() {
                @Override
                protected void onTimer(long at) {
                  route.send(frame, 17, 0, 64, false, at);
                }
              },
              now + DELAY);
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
        long now) {}

    @Override
    public boolean poll(long now) {
      return false;
    }

    @Override
    public void close(long now) {}
  }
}

package io.millrace.bench.net.client;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * Measures round trips to an echo service through the kernel's sockets, at a fixed rate and without
 * ever sleeping.
 *
 * <p>A message is due at its time whatever became of the ones before, and its latency counts from
 * when it was due: a server that stalls is charged with all that had to wait (no coordinated
 * omission).
 */
public final class LatencyProbe {
  private static final int SIZE = 64;
  private static final long LONGEST = 60_000_000_000L;

  /** How long answers are waited for behind the last request. */
  private static final long PATIENCE = 200_000_000L;

  private final ByteChannel channel;
  private final boolean datagrams;
  private final ByteBuffer message = ByteBuffer.allocateDirect(SIZE);
  private final ByteBuffer input = ByteBuffer.allocateDirect(64 * SIZE);
  private final Histogram nanos = new Histogram(LONGEST, 3);
  private long sent;
  private long received;

  private LatencyProbe(ByteChannel channel, boolean datagrams) {
    this.channel = channel;
    this.datagrams = datagrams;
  }

  /**
   * Measures and prints {@code result sent=N lost=N p50=NANOS ...}.
   *
   * @param args {@code udp} or {@code tcp}, address, port, messages per second, seconds of warm-up,
   *     seconds
   */
  public static void main(String[] args) throws IOException {
    boolean datagrams = args[0].equals("udp");
    InetSocketAddress server = new InetSocketAddress(args[1], Integer.parseInt(args[2]));
    double rate = Double.parseDouble(args[3]);
    try (ByteChannel channel = datagrams ? udp(server) : tcp(server)) {
      LatencyProbe probe = new LatencyProbe(channel, datagrams);
      probe.run(rate, Double.parseDouble(args[4]));
      probe.nanos.reset();
      probe.sent = 0;
      probe.received = 0;
      probe.run(rate, Double.parseDouble(args[5]));
      probe.print();
    }
  }

  private static ByteChannel udp(InetSocketAddress server) throws IOException {
    DatagramChannel channel = DatagramChannel.open();
    channel.connect(server);
    channel.configureBlocking(false);
    return channel;
  }

  private static ByteChannel tcp(InetSocketAddress server) throws IOException {
    SocketChannel channel = SocketChannel.open(server);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.configureBlocking(false);
    return channel;
  }

  private void run(double rate, double seconds) throws IOException {
    long interval = (long) (1e9 / rate);
    long due = System.nanoTime();
    long end = due + (long) (seconds * 1e9);
    long now = due;
    while (due < end || (received < sent && now < end + PATIENCE)) {
      now = System.nanoTime();
      if (due < end && now >= due) {
        message.clear().putLong(0, due);
        if (channel.write(message) == SIZE) {
          sent++;
          due += interval;
        } else if (message.position() != 0) {
          throw new IOException("the socket took a part of a message");
        }
      }
      receive();
    }
  }

  private void receive() throws IOException {
    int n = channel.read(input);
    if (n < 0) {
      throw new IOException("the server closed the connection");
    }
    if (n > 0) {
      long now = System.nanoTime();
      input.flip();
      while (input.remaining() >= SIZE) {
        nanos.recordValue(Math.min(LONGEST, now - input.getLong(input.position())));
        input.position(input.position() + SIZE);
        received++;
      }
      if (datagrams) {
        input.clear();
      } else {
        input.compact();
      }
    }
  }

  private void print() {
    System.out.printf(
        Locale.ROOT,
        "result sent=%d lost=%d p50=%d p90=%d p99=%d p999=%d max=%d%n",
        sent,
        sent - received,
        nanos.getValueAtPercentile(50),
        nanos.getValueAtPercentile(90),
        nanos.getValueAtPercentile(99),
        nanos.getValueAtPercentile(99.9),
        nanos.getMaxValue());
  }
}

package io.millrace.apps.demo;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.millrace.apps.http.ResponseReader;
import io.millrace.buf.Buffer;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/** The same load from a second stack. All but {@link #run} is on that stack's shard. */
final class StackLoad {
  private final NetStack stack;
  private final IpAddress server;
  private final int connections;
  private final byte[] request;
  private final Latencies latencies = new Latencies();
  private final AtomicLong requests = new AtomicLong();
  private volatile boolean stopping;
  private long errors;

  StackLoad(NetStack stack, IpAddress server, int connections, String target) {
    this.stack = stack;
    this.server = server;
    this.connections = connections;
    this.request =
        ("GET " + target + " HTTP/1.1\r\nHost: " + server + "\r\n\r\n").getBytes(ISO_8859_1);
  }

  /**
   * Runs for {@code seconds}. Called by any thread but the shard's.
   *
   * @param everySecond is told the requests of the last second
   */
  LoadResult run(int seconds, LongConsumer everySecond) throws InterruptedException {
    Shard shard = stack.shard(0);
    long started = System.nanoTime();
    shard.execute(
        () -> {
          for (int i = 0; i < connections; i++) {
            Tcp.of(shard).connect(server, 80, new Session());
          }
        });
    long told = 0;
    for (int i = 1; i <= seconds; i++) {
      TimeUnit.NANOSECONDS.sleep(started + i * 1_000_000_000L - System.nanoTime());
      long now = requests.get();
      everySecond.accept(now - told);
      told = now;
    }
    LoadResult[] result = new LoadResult[1];
    CountDownLatch done = new CountDownLatch(1);
    double elapsed = (System.nanoTime() - started) / 1e9;
    shard.execute(
        () -> {
          stopping = true;
          result[0] =
              new LoadResult(
                  requests.get(), errors, elapsed, latencies.micros(0.5), latencies.micros(0.99));
          done.countDown();
        });
    done.await();
    return result[0];
  }

  /** One connection. */
  private final class Session implements TcpHandler {
    private final ResponseReader reader = new ResponseReader();
    private long sentAt;

    @Override
    public void onConnected(TcpConnection c) {
      c.noDelay(true);
      ask(c);
    }

    private void ask(TcpConnection c) {
      reader.reset(false);
      sentAt = c.shard().clock().now();
      c.send(request, 0, request.length);
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {
      int at = 0;
      ResponseReader.Event event;
      do {
        event = reader.read(data.address() + at, data.length() - at);
        at += reader.consumed();
      } while (event == ResponseReader.Event.HEAD || event == ResponseReader.Event.BODY);
      boolean ended = event == ResponseReader.Event.END;
      if (event == ResponseReader.Event.BAD || (ended && reader.status() != 200)) {
        errors++;
        c.abort();
      } else if (ended) {
        requests.lazySet(requests.getPlain() + 1);
        latencies.add(c.shard().clock().now() - sentAt);
        if (stopping) {
          c.close();
        } else {
          ask(c);
        }
      }
    }

    @Override
    public void onClosed(TcpConnection c, TcpCloseReason reason) {
      if (!stopping) {
        errors++;
      }
    }
  }
}

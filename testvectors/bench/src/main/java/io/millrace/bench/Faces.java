package io.millrace.bench;

import io.millrace.blocking.BlockingConnection;
import io.millrace.blocking.BlockingTcp;
import io.millrace.blocking.BlockingThreads;
import io.millrace.buf.Buffer;
import io.millrace.buf.WrappedBuffer;
import io.millrace.futures.FutureConnection;
import io.millrace.futures.FutureTcp;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.net.ShardConfig;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * Requests of 64 bytes answered with 64 bytes, with both ends in one face of the API: handlers,
 * futures, blocking code on threads that the shard carries, blocking code on ordinary virtual
 * threads.
 *
 * <p>Each stack has a thread of its own, unlike in the other benchmarks, because code beside the
 * shard is what is compared. Rates are by the wall clock: on a machine with less than two free
 * cores they say little.
 */
final class Faces {
  private static final int SIZE = 64;
  private static final int PORT = 7;
  private static int wires;

  private Faces() {}

  /** One of the faces: a server, and clients that begin to ask. */
  private interface Face {
    void serve(NetStack stack);

    /** Starts a client that counts what it has asked in its slot until it is told to stop. */
    void ask(NetStack stack, long[] asked, int slot);
  }

  static List<Row> run(Measurement m) {
    List<Row> rows = new ArrayList<>();
    for (int connections : new int[] {1, 64}) {
      try (Arena arena = Arena.ofShared()) {
        measure(rows, m, "handlers", connections, new Handlers(arena));
      }
      measure(rows, m, "futures", connections, new Futures());
      measure(rows, m, "blocking, on the shard", connections, new OnShard());
      measure(rows, m, "blocking, ordinary threads", connections, new Ordinary());
    }
    return rows;
  }

  private static void measure(
      List<Row> rows, Measurement m, String name, int connections, Face face) {
    String wire = "mem:faces" + wires++;
    try (NetStack server = stack(wire, Family.IPV4.onLink(Family.IPV4.server));
        NetStack client = stack(wire, Family.IPV4.onLink(Family.IPV4.client))) {
      if (face instanceof OnShard
          && BlockingThreads.kind(client.shard(0)) != BlockingThreads.Kind.SHARD) {
        rows.add(new Row(name, 0, "-", "needs --add-opens=java.base/java.lang=ALL-UNNAMED"));
        return;
      }
      face.serve(server);
      long[] asked = new long[connections * 16]; // a cache line each
      for (int i = 0; i < connections; i++) {
        face.ask(client, asked, i * 16);
      }
      LongSupplier count =
          () -> {
            long sum = 0;
            for (int i = 0; i < asked.length; i += 16) {
              sum += asked[i];
            }
            return sum;
          };
      Measurement.Beside result = m.beside(count);
      rows.add(
          new Row(
              name + ", " + connections + (connections == 1 ? " connection" : " connections"),
              result.perSecond() / 1e3,
              "k/s",
              String.format(
                  "%.1f us of CPU time and %.0f bytes allocated per request, both ends",
                  result.cpuNanosEach() / 1e3, result.bytesEach())));
    }
  }

  private static NetStack stack(String wire, String address) {
    return NetStack.builder()
        .shards(ShardConfig.defaults())
        .port(wire, address)
        .with(Duo.tcp())
        .start();
  }

  private static final class Handlers implements Face {
    private final WrappedBuffer request;
    private final WrappedBuffer response;

    Handlers(Arena arena) {
      request = WrappedBuffer.of(arena.allocate(SIZE));
      response = WrappedBuffer.of(arena.allocate(SIZE));
    }

    @Override
    public void serve(NetStack stack) {
      Tcp.listen(stack, PORT, c -> (connection, data) -> connection.send(response));
    }

    @Override
    public void ask(NetStack stack, long[] asked, int slot) {
      Shard shard = stack.shard(0);
      shard.execute(
          () ->
              Tcp.of(shard)
                  .connect(
                      Family.IPV4.server,
                      PORT,
                      new TcpHandler() {
                        @Override
                        public void onConnected(TcpConnection c) {
                          c.send(request);
                        }

                        @Override
                        public void onData(TcpConnection c, Buffer data) {
                          asked[slot]++;
                          c.send(request);
                        }
                      }));
    }
  }

  private static final class Futures implements Face {
    private final byte[] message = new byte[SIZE];

    @Override
    public void serve(NetStack stack) {
      FutureTcp.listen(stack, PORT, this::answer).join();
    }

    private void answer(FutureConnection c) {
      CompletableFuture<Void> _ = c.readFully(SIZE).thenCompose(c::write).thenRun(() -> answer(c));
    }

    @Override
    public void ask(NetStack stack, long[] asked, int slot) {
      CompletableFuture<Void> _ =
          FutureTcp.connect(stack, Family.IPV4.server, PORT).thenAccept(c -> ask(c, asked, slot));
    }

    private void ask(FutureConnection c, long[] asked, int slot) {
      CompletableFuture<Void> _ =
          c.write(message)
              .thenCompose(done -> c.readFully(SIZE))
              .thenAccept(
                  answer -> {
                    asked[slot]++;
                    ask(c, asked, slot);
                  });
    }
  }

  private abstract static class Blocking implements Face {
    final void answer(BlockingConnection c) throws IOException {
      byte[] message = new byte[SIZE];
      int n;
      while ((n = c.read(message)) >= 0) {
        c.write(message, 0, n);
      }
    }

    final void ask(BlockingConnection c, long[] asked, int slot) {
      byte[] message = new byte[SIZE];
      try {
        while (true) {
          c.write(message);
          c.readFully(message);
          asked[slot]++;
        }
      } catch (IOException e) {
        c.close(); // the stack was closed: that is the end of the round
      }
    }

    final BlockingConnection connect(NetStack stack) {
      try {
        return BlockingTcp.connect(stack, Family.IPV4.server.toString(), PORT);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static final class OnShard extends Blocking {
    @Override
    public void serve(NetStack stack) {
      BlockingTcp.serve(stack, PORT, this::answer);
    }

    @Override
    public void ask(NetStack stack, long[] asked, int slot) {
      BlockingThreads.start(stack.shard(0), "client", () -> ask(connect(stack), asked, slot));
    }
  }

  private static final class Ordinary extends Blocking {
    @Override
    public void serve(NetStack stack) {
      var listener = BlockingTcp.listen(stack, PORT);
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  while (true) {
                    BlockingConnection c = listener.accept();
                    Thread.ofVirtual().start(() -> serveOne(c));
                  }
                } catch (IOException e) {
                  listener.close();
                }
              });
    }

    private void serveOne(BlockingConnection c) {
      try (c) {
        answer(c);
      } catch (IOException e) {
        c.abort();
      }
    }

    @Override
    public void ask(NetStack stack, long[] asked, int slot) {
      Thread.ofVirtual().start(() -> ask(connect(stack), asked, slot));
    }
  }
}

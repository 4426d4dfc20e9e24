package io.millrace.apps.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.millrace.buf.Buffer;
import io.millrace.buf.WrappedBuffer;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpConfig;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.time.ShardClock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * The web server and clients on a wire in memory, all turned by the calling thread: how fast the
 * server is without a device. The clients count bytes and do not look at them: every response is as
 * long as the first one.
 */
public final class HttpLoop implements AutoCloseable {
  private static final IpAddress SERVER = IpAddress.parse("10.0.0.2");

  /** As a load generator sends it. */
  private static final byte[] REQUEST =
      "GET /page.txt HTTP/1.1\r\nHost: 10.0.0.2\r\nUser-Agent: millrace\r\nAccept: */*\r\n\r\n"
          .getBytes(ISO_8859_1);

  private static final AtomicInteger WIRES = new AtomicInteger();

  private final WrappedBuffer requests;
  private final int pipelined;
  private final NetStack clients;
  private final NetStack servers;
  private final Shard client;
  private final Shard server;
  private final LongSupplier clock;
  private long now;
  private long serverNanos;
  private long clientNanos;
  private final int responseLength;
  private long bytes;

  /**
   * Connects the clients.
   *
   * @param page the body of the response
   * @param connections that many clients
   * @param pipelined requests that each of them sends in one piece
   * @param clock in ns
   */
  public HttpLoop(byte[] page, int connections, int pipelined, LongSupplier clock)
      throws IOException {
    this.clock = clock;
    now = clock.getAsLong();
    String wire = "mem:http" + WIRES.getAndIncrement() + ",ring=256";
    this.pipelined = pipelined;
    clients = stack(wire, "10.0.0.1/24");
    servers = stack(wire, SERVER + "/24");
    client = clients.shard(0);
    server = servers.shard(0);
    HttpConfig.Page body = new HttpConfig.Page("text/plain", BuiltInPage.inMemory(page));
    HttpServer.listen(servers, 80, HttpConfig.defaults().withPage("/page.txt", body));
    var segment = Arena.ofAuto().allocate((long) pipelined * REQUEST.length);
    var all = segment.asByteBuffer();
    while (all.hasRemaining()) {
      all.put(REQUEST);
    }
    requests = WrappedBuffer.of(segment);
    responseLength = lengthOfOne();
    for (int i = 0; i < connections; i++) {
      Tcp.of(client).connect(SERVER, 80, new Requester());
      turn();
    }
  }

  private NetStack stack(String wire, String address) {
    return NetStack.builder()
        .driven(ShardClock.of(() -> now))
        .port(wire, address)
        .with(TcpConfig.defaults().with().noDelay(true).build())
        .start();
  }

  /** One duty cycle of each side. */
  public void turn() {
    now = clock.getAsLong();
    client.step();
    long between = clock.getAsLong();
    server.step();
    clientNanos += between - now;
    serverNanos += clock.getAsLong() - between;
  }

  /** Responses so far. */
  public long responses() {
    return bytes / responseLength;
  }

  /** The part of the time that the server's side took so far, 0 to 1. */
  public double serversShare() {
    return (double) serverNanos / (serverNanos + clientNanos);
  }

  private int lengthOfOne() {
    for (int i = 0; i < 100; i++) {
      turn(); // addresses are announced and neighbors found
    }
    First first = new First();
    Tcp.of(client).connect(SERVER, 80, first);
    while (!first.complete) {
      turn();
    }
    return first.length;
  }

  @Override
  public void close() {
    clients.close();
    servers.close();
  }

  /** Reads one response to know how long they are. */
  private static final class First implements TcpHandler {
    private final ResponseReader reader = new ResponseReader();
    private int length;
    private boolean complete;

    @Override
    public void onConnected(TcpConnection c) {
      c.send(REQUEST, 0, REQUEST.length);
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {
      int at = 0;
      while (!complete) {
        ResponseReader.Event event = reader.read(data.address() + at, data.length() - at);
        at += reader.consumed();
        length += reader.consumed();
        if (event == ResponseReader.Event.MORE) {
          return;
        }
        complete = event == ResponseReader.Event.END;
      }
      c.close();
    }
  }

  /** Asks again when all that it asked for has come. */
  private final class Requester implements TcpHandler {
    private int missing;

    @Override
    public void onConnected(TcpConnection c) {
      ask(c);
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {
      bytes += data.length();
      missing -= data.length();
      if (missing == 0) {
        ask(c);
      }
    }

    private void ask(TcpConnection c) {
      missing = pipelined * responseLength;
      c.send(requests);
    }
  }
}

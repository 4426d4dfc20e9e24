package io.millrace.apps.iperf;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.google.gson.JsonObject;
import io.millrace.buf.Buffer;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpSocket;
import java.nio.ByteBuffer;

/**
 * The client's end of a test: says what is to be done, makes the streams, one after the other and
 * on all shards in turn, and ends the test.
 */
public final class IperfClient extends Session {
  private static final String COOKIE_CHARACTERS = "abcdefghijklmnopqrstuvwxyz234567";

  /** How often a test that ends with a number of bytes looks at how many there are, in ns. */
  private static final long LOOK_EVERY = 1_000_000;

  /** How long nothing may come before all datagrams that are missing count as lost. */
  private static final long SILENCE = 2 * SECOND;

  private enum Phase {
    CONNECTING,
    WAITING,
    ERROR,
    RUNNING,
    ENDING,
    RESULTS
  }

  private final NetStack stack;
  private final IpAddress server;
  private final int port;
  private final byte[] cookie = new byte[Control.COOKIE_SIZE];
  private Phase phase = Phase.CONNECTING;
  private boolean omitting;
  private long endsAt;
  private JsonObject theirs;
  private long received;
  private long progressAt;

  private IperfClient(
      NetStack stack, IpAddress server, int port, TestPlan plan, TestObserver observer) {
    super(stack.shard(0), observer);
    this.stack = stack;
    this.server = server;
    this.port = port;
    this.plan = plan;
  }

  /** Starts a test with the server at this address. Any thread. */
  public static void start(
      NetStack stack, IpAddress server, int port, TestPlan plan, TestObserver observer) {
    IperfClient client = new IperfClient(stack, server, port, plan, observer);
    client.home.execute(client::connect);
  }

  private void connect() {
    for (int i = 0; i < cookie.length - 1; i++) {
      cookie[i] = (byte) COOKIE_CHARACTERS.charAt(home.random().nextInt(32));
    }
    expectBy(PATIENCE);
    try {
      control = Tcp.of(home).connect(server, port, this);
    } catch (IllegalStateException | IllegalArgumentException e) {
      fail(e.getMessage());
    }
  }

  String cookie() {
    return new String(cookie, 0, cookie.length - 1, US_ASCII);
  }

  IpAddress server() {
    return server;
  }

  int port() {
    return port;
  }

  @Override
  public void onConnected(TcpConnection c) {
    control.noDelay(true);
    control.keepAlive(true);
    control.send(cookie, 0, cookie.length);
    phase = Phase.WAITING;
  }

  @Override
  boolean sends(int index) {
    return index < plan.streams() ? !plan.reverse() : false;
  }

  @Override
  boolean endsStreams() {
    return false;
  }

  @Override
  boolean step() throws ProtocolException {
    switch (phase) {
      case ERROR -> {
        if (!input.has(8)) {
          return false;
        }
        int code = ByteBuffer.wrap(input.next(8)).getInt();
        fail("the server cannot do this test; the number of its error is " + code);
        return false;
      }
      case RESULTS -> {
        theirs = input.nextJson();
        if (theirs == null) {
          return false;
        }
        phase = Phase.ENDING;
      }
      case CONNECTING, WAITING, RUNNING, ENDING -> {
        if (!input.has(1)) {
          return false;
        }
        code(input.next());
      }
    }
    return true;
  }

  private void code(int code) throws ProtocolException {
    switch (code) {
      case Control.PARAM_EXCHANGE -> sendJson(plan.toJson());
      case Control.CREATE_STREAMS -> {
        if (!streams().isEmpty()) {
          throw new ProtocolException("it asks for streams twice");
        }
        expectStreams();
        createStream(0);
      }
      case Control.TEST_START -> {}
      case Control.TEST_RUNNING -> run();
      case Control.EXCHANGE_RESULTS -> {
        if (phase != Phase.ENDING) {
          throw new ProtocolException("it wants results before the end");
        }
        sendResults();
        phase = Phase.RESULTS;
      }
      case Control.DISPLAY_RESULTS -> {
        if (theirs == null) {
          throw new ProtocolException("it gives no results");
        }
        sendCode(Control.DONE);
        end(theirs);
        finish();
      }
      case Control.ACCESS_DENIED -> fail("the server is busy with another test; try again later");
      case Control.SERVER_TERMINATE -> fail("the server was stopped");
      case Control.SERVER_ERROR -> phase = Phase.ERROR;
      default -> throw new ProtocolException("there is no phase " + code);
    }
  }

  @Override
  void refuse(ProtocolException e) {
    fail("the server does not speak the protocol of iperf3: " + e.getMessage());
  }

  @Override
  void peerClosed() {}

  @Override
  public void onClosed(TcpConnection c, TcpCloseReason reason) {
    fail(
        switch (reason) {
          case REFUSED -> "the server refused the connection: nothing listens on port " + port;
          case RESET -> "the server reset the control connection";
          case TIMED_OUT -> "the server does not answer";
          case UNREACHABLE ->
              "the server cannot be reached: no route, or no host with that address";
          case NORMAL, ABORTED, STACK_CLOSED -> "the control connection was closed";
        });
  }

  // ---- streams ----

  private void createStream(int index) {
    Shard shard = stack.shard(index % stack.shardCount());
    shard.execute(
        () -> {
          try {
            if (plan.udp()) {
              openUdp(index, shard);
            } else {
              Tcp.of(shard).connect(server, port, new Opening(index));
            }
          } catch (IllegalStateException | IllegalArgumentException e) {
            home.execute(() -> fail(e.getMessage()));
          }
        });
  }

  private void created(int index, DataStream stream) {
    if (isOver()) {
      stream.shard.execute(stream::close);
    } else if (add(index, stream)) {
      observer.connected(this);
    } else {
      createStream(index + 1);
    }
  }

  /** A connection that is to become a stream: it begins with the cookie. */
  private final class Opening implements TcpHandler {
    private final int index;

    Opening(int index) {
      this.index = index;
    }

    @Override
    public void onConnected(TcpConnection c) {
      c.noDelay(true);
      c.send(cookie, 0, cookie.length);
      TcpStream stream = new TcpStream(c, plan, sends(index));
      home.execute(() -> created(index, stream));
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {
      throw new AssertionError("connected first");
    }

    @Override
    public void onClosed(TcpConnection c, TcpCloseReason reason) {
      home.execute(() -> fail("a stream could not be connected"));
    }
  }

  private void openUdp(int index, Shard shard) {
    UdpStream stream = new UdpStream(shard, plan, sends(index));
    stream.onWelcome(() -> home.execute(() -> created(index, stream)));
    UdpSocket socket = Udp.of(shard).bind(0, stream);
    stream.socket(socket);
    socket.connect(server, port);
    stream.connected();
    UdpStream.sendNumber(socket, Control.UDP_HELLO);
  }

  // ---- the time of the test ----

  private void run() throws ProtocolException {
    if (!allStreamsAreThere() || phase != Phase.WAITING) {
      throw new ProtocolException("it starts before all streams are there");
    }
    phase = Phase.RUNNING;
    startStreams();
    omitting = plan.omit() != 0;
    endsAt = now() + (omitting ? plan.omit() : plan.seconds()) * SECOND;
    expectBy(omitting || plan.endsByTime() ? endsAt - now() : LOOK_EVERY);
  }

  @Override
  protected void onTimer(long now) {
    if (phase != Phase.RUNNING) {
      fail("the server does not answer");
    } else if (omitting) {
      omitting = false;
      restartStreams();
      endsAt = now + plan.seconds() * SECOND;
      expectBy(plan.endsByTime() ? plan.seconds() * SECOND : LOOK_EVERY);
    } else if (plan.endsByTime() ? now >= endsAt : hasEnough()) {
      phase = Phase.ENDING;
      expectBy(PATIENCE);
      stopStreams(() -> sendCode(Control.TEST_END));
    } else {
      expectBy(LOOK_EVERY);
    }
  }

  private boolean hasEnough() {
    for (DataStream stream : streams()) {
      if (stream.sender && !stream.done) {
        return false;
      }
    }
    return sends(plan.allStreams() - 1) || hasReceivedEnough();
  }

  /** Datagrams that were lost never come: silence is the end, too. */
  private boolean hasReceivedEnough() {
    long bytes = bytesInOneDirection(false);
    if (bytes != received) {
      received = bytes;
      progressAt = now();
    }
    boolean silent = plan.udp() && bytes != 0 && now() - progressAt > SILENCE;
    return bytes >= plan.bytesInAll() || silent;
  }
}

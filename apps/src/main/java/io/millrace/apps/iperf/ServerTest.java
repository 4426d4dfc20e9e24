package io.millrace.apps.iperf;

import com.google.gson.JsonObject;
import io.millrace.net.Shard;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** The server's end of a test: does what the client says. */
final class ServerTest extends Session {
  /**
   * Why it cannot be done, in the numbers of iperf3: the client's parameters were not understood.
   */
  private static final int BAD_PARAMETERS = 115;

  private enum Phase {
    PARAMETERS,
    STREAMS,
    RUNNING,
    STOPPING,
    RESULTS,
    DONE
  }

  private final IperfServer server;
  private final byte[] cookie;
  private Phase phase = Phase.PARAMETERS;
  private int given;
  private boolean omitting;

  ServerTest(IperfServer server, Shard home, byte[] cookie, TestObserver observer) {
    super(home, observer);
    this.server = server;
    this.cookie = cookie.clone();
  }

  /** The connection that came with a new cookie. On its shard, which is home. */
  void begin(TcpConnection connection) {
    control = connection;
    control.handler(this);
    control.noDelay(true);
    control.keepAlive(true);
    expectBy(PATIENCE);
    sendCode(Control.PARAM_EXCHANGE);
  }

  /** Whether a connection with this cookie belongs to the test. Any shard. */
  boolean hasCookie(byte[] other) {
    return Arrays.equals(cookie, other);
  }

  @Override
  boolean sends(int index) {
    return index < plan.streams() ? plan.reverse() : true;
  }

  /** A client of iperf3 that receives reads on until the end of the stream. */
  @Override
  boolean endsStreams() {
    return true;
  }

  @Override
  boolean step() throws ProtocolException {
    return switch (phase) {
      case PARAMETERS -> parameters();
      case RESULTS -> results();
      case STREAMS, RUNNING, STOPPING, DONE -> code();
    };
  }

  private boolean parameters() throws ProtocolException {
    JsonObject json = input.nextJson();
    if (json == null) {
      return false;
    }
    plan = TestPlan.parse(json);
    expectStreams();
    phase = Phase.STREAMS;
    sendCode(Control.CREATE_STREAMS);
    return true;
  }

  private boolean code() throws ProtocolException {
    if (!input.has(1)) {
      return false;
    }
    int code = input.next();
    if (code == Control.CLIENT_TERMINATE) {
      fail("the client was stopped");
    } else if (code == Control.TEST_END && phase == Phase.RUNNING) {
      phase = Phase.STOPPING;
      // A client of iperf3 that receives has a block to read to its end before it answers, which
      // takes its time on a slow link or a busy machine. It may, if it lives (keep-alive).
      home.wheel().cancel(this);
      stopStreams(
          () -> {
            phase = Phase.RESULTS;
            sendCode(Control.EXCHANGE_RESULTS);
          });
    } else if (code == Control.DONE && phase == Phase.DONE) {
      finish();
    } else {
      throw new ProtocolException("code " + code + " is not expected now");
    }
    return true;
  }

  private boolean results() throws ProtocolException {
    JsonObject theirs = input.nextJson();
    if (theirs == null) {
      return false;
    }
    phase = Phase.DONE;
    expectBy(PATIENCE);
    sendResults();
    sendCode(Control.DISPLAY_RESULTS);
    end(theirs);
    return true;
  }

  @Override
  void refuse(ProtocolException e) {
    if (phase == Phase.PARAMETERS) {
      byte[] message = ByteBuffer.allocate(9).putInt(1, BAD_PARAMETERS).array();
      message[0] = Control.SERVER_ERROR;
      control.send(message, 0, message.length);
    }
    fail("the test was refused: " + e.getMessage());
  }

  @Override
  void peerClosed() {
    if (phase == Phase.DONE && !isOver()) {
      finish();
    }
  }

  @Override
  public void onClosed(TcpConnection c, TcpCloseReason reason) {
    if (phase == Phase.DONE) {
      peerClosed();
    } else {
      fail("the control connection was lost");
    }
  }

  @Override
  void finished() {
    server.over(this);
  }

  // ---- streams ----

  /** The place of a further stream, or -1 if all are there or none are wanted. */
  int takePlace(boolean udp) {
    boolean wanted =
        !isOver() && phase == Phase.STREAMS && plan.udp() == udp && given < plan.allStreams();
    return wanted ? given++ : -1;
  }

  void joined(int index, DataStream stream) {
    if (isOver()) {
      stream.shard.execute(stream::close);
    } else if (add(index, stream)) {
      phase = Phase.RUNNING;
      observer.connected(this);
      sendCode(Control.TEST_START);
      sendCode(Control.TEST_RUNNING);
      startStreams();
      omitting = plan.omit() != 0;
      expectEnd();
    }
  }

  /** A client that ends by bytes may take as long as it likes, if it lives (keep-alive). */
  private void expectEnd() {
    if (omitting) {
      expectBy(plan.omit() * SECOND);
    } else if (plan.endsByTime()) {
      expectBy(plan.seconds() * SECOND + PATIENCE);
    } else {
      home.wheel().cancel(this);
    }
  }

  @Override
  protected void onTimer(long now) {
    if (phase == Phase.RUNNING && omitting) {
      omitting = false;
      restartStreams();
      expectEnd();
    } else if (phase == Phase.DONE) {
      finish();
    } else {
      fail("the client does not answer");
    }
  }
}

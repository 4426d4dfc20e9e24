package io.millrace.apps.iperf;

import com.google.gson.JsonObject;
import io.millrace.buf.Buffer;
import io.millrace.net.Shard;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.time.TimerNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * One test at one of its ends: the control connection and what both ends do alike. <b>Thread:</b>
 * its home shard's.
 */
public abstract sealed class Session extends TimerNode implements TcpHandler
    permits IperfClient, ServerTest {
  static final long SECOND = 1_000_000_000L;

  /** How long the other end may take for an answer. */
  static final long PATIENCE = 30 * SECOND;

  final Shard home;
  final TestObserver observer;
  final ControlInput input = new ControlInput();
  TcpConnection control;
  TestPlan plan;

  /** By their order; an entry is null until its stream is there. */
  private List<DataStream> streams = List.of();

  private CpuMeter cpu;
  private CpuShare cpuShare = new CpuShare(0, 0, 0);
  private long startedAt;
  private double seconds;
  private int waitingFor;
  private boolean over;

  Session(Shard home, TestObserver observer) {
    this.home = home;
    this.observer = observer;
  }

  /** What the test is to do; null before it is known. */
  public final TestPlan plan() {
    return plan;
  }

  final List<DataStream> streams() {
    return streams;
  }

  final TcpConnection control() {
    return control;
  }

  final long now() {
    return home.clock().now();
  }

  final boolean isOver() {
    return over;
  }

  /** When data began to flow, by the shard's clock. */
  final long startedAt() {
    return startedAt;
  }

  // ---- streams ----

  /** Which direction a stream has: those that the client sends come first. */
  abstract boolean sends(int index);

  /** Whether this end ends its streams with the test. */
  abstract boolean endsStreams();

  final void expectStreams() {
    streams = new ArrayList<>(Collections.nCopies(plan.allStreams(), null));
    waitingFor = plan.allStreams();
  }

  /** Adds a stream; returns whether it was the last one. */
  final boolean add(int index, DataStream stream) {
    stream.number(index);
    streams.set(index, stream);
    waitingFor--;
    return waitingFor == 0;
  }

  final boolean allStreamsAreThere() {
    return waitingFor == 0 && !streams.isEmpty();
  }

  final void startStreams() {
    cpu = new CpuMeter();
    startedAt = now();
    for (DataStream stream : streams) {
      Shard shard = stream.shard;
      shard.execute(() -> stream.start(shard.clock().now()));
    }
    observer.started(this);
  }

  /** What has been counted so far is not part of the result. */
  final void restartStreams() {
    cpu = new CpuMeter();
    startedAt = now();
    streams.forEach(stream -> stream.shard.execute(stream::restart));
    observer.started(this);
  }

  /** Stops all streams, and goes on when their counters do not change any more. */
  final void stopStreams(Runnable then) {
    seconds = (now() - startedAt) / 1e9;
    cpuShare = cpu.sinceStart();
    waitingFor = streams.size();
    for (DataStream stream : streams) {
      stream.shard.execute(
          () -> {
            stream.stop();
            if (endsStreams()) {
              stream.endOfData();
            }
            home.execute(
                () -> {
                  waitingFor--;
                  if (waitingFor == 0 && !over) {
                    then.run();
                  }
                });
          });
    }
  }

  final long bytesInOneDirection(boolean weSend) {
    long sum = 0;
    for (DataStream stream : streams) {
      if (stream.sender == weSend) {
        sum += stream.bytes;
      }
    }
    return sum;
  }

  // ---- control ----

  final void sendCode(int code) {
    control.send(new byte[] {(byte) code}, 0, 1);
  }

  final void sendJson(JsonObject json) {
    byte[] message = Json.message(json);
    control.send(message, 0, message.length);
  }

  final void sendResults() {
    sendJson(Results.toJson(plan, streams, seconds, cpuShare));
  }

  @Override
  public final void onData(TcpConnection c, Buffer data) {
    if (over) {
      return;
    }
    try {
      input.append(data);
      while (!over && step()) {
        // One message after the other.
      }
    } catch (ProtocolException e) {
      refuse(e);
    }
  }

  /** Deals with the next message; false if it is not all there. */
  abstract boolean step() throws ProtocolException;

  /** The other end does not keep to the protocol. */
  abstract void refuse(ProtocolException e);

  @Override
  public final void onPeerClosed(TcpConnection c) {
    peerClosed();
    if (!over) {
      fail("the other end closed the control connection before the test was over");
    }
  }

  /** The control connection has ended; not to be called again. */
  abstract void peerClosed();

  // ---- the end ----

  final void expectBy(long fromNow) {
    home.wheel().schedule(this, now() + fromNow);
  }

  final void end(JsonObject theirs) throws ProtocolException {
    TestResult result = Results.combine(streams, seconds, cpuShare, theirs);
    observer.ended(this, result);
  }

  final void fail(String sentence) {
    if (!over) {
      observer.failed(sentence);
      finish();
    }
  }

  /** Gives everything back. */
  final void finish() {
    over = true;
    home.wheel().cancel(this);
    for (DataStream stream : streams) {
      if (stream != null) {
        stream.shard.execute(stream::close);
      }
    }
    if (control != null) {
      control.close();
    }
    finished();
  }

  /** The session is over. */
  void finished() {}
}

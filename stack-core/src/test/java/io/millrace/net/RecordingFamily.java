package io.millrace.net;

import io.millrace.buf.Frame;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpFamily;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.Route;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A family that keeps what it gets, or does with it what the test says. */
final class RecordingFamily implements IpFamily {
  final List<Frame> frames = new ArrayList<>();
  final List<String> log = new ArrayList<>();

  /** Takes the frame instead, if it is not null. */
  Consumer<Frame> action;

  private final int version;

  RecordingFamily(int version) {
    this.version = version;
  }

  void releaseAll() {
    frames.forEach(Frame::release);
    frames.clear();
  }

  @Override
  public int version() {
    return version;
  }

  @Override
  public void input(Frame frame, NetInterface from, long now) {
    log.add("input " + now);
    if (action != null) {
      action.accept(frame);
    } else {
      frames.add(frame);
    }
  }

  @Override
  public void resolutionInput(Frame frame, NetInterface from, long now) {
    log.add("resolution " + now);
    frames.add(frame);
  }

  @Override
  public void addAddress(NetInterface to, IpPrefix address, long now) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void addRoute(IpPrefix destination, IpAddress via, NetInterface through) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Route route(long sourceHi, long sourceLo, long destinationHi, long destinationLo) {
    return null;
  }

  @Override
  public boolean isLocal(long hi, long lo) {
    return false;
  }

  @Override
  public void sendUnreachable(Frame offending, IcmpError error, long now) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<IpPrefix> addresses() {
    return List.of();
  }
}

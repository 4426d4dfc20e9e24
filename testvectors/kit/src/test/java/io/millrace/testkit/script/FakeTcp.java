package io.millrace.testkit.script;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ip.Route;
import io.millrace.net.Shard;
import io.millrace.testkit.packet.PacketBuilder;
import io.millrace.testkit.packet.TcpOption;
import io.millrace.time.TimerNode;
import io.millrace.transport.Transport;
import io.millrace.transport.TransportProvider;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Something that shakes hands and sends zeros, for the runner's tests; no loss, one connection. */
final class FakeTcp implements Transport {
  private static final int ISN = 0x7654_3210;

  /** What it does wrong, or differently. */
  static final class Manners {
    long replyDelay;
    int ackOffset;
    int segment = 1460;
    boolean extraAck;
    String extraFlags = "";
    List<TcpOption> synOptions = List.of(TcpOption.mss(1460));
  }

  /** Makes it. */
  public static final class Provider implements TransportProvider {
    @Override
    public int protocol() {
      return 6;
    }

    @Override
    public Transport create(Shard shard) {
      return new FakeTcp(shard);
    }
  }

  private final Shard shard;
  Manners manners = new Manners();
  int localPort;
  private int remotePort;
  private long remoteHi;
  private long remoteLo;
  private int sndNxt = ISN;
  private int rcvNxt;
  private long echo = -1;
  boolean synSent;
  boolean established;
  boolean refused;
  int readable;
  boolean finished;

  private FakeTcp(Shard shard) {
    this.shard = shard;
  }

  @Override
  public int protocol() {
    return 6;
  }

  @Override
  public void input(Frame frame, long now) {
    long at = frame.address();
    int flags = Bytes.u8(at + 13);
    int length = frame.length() - (Bytes.u8(at + 12) >> 4) * 4;
    remoteHi = frame.sourceHi();
    remoteLo = frame.sourceLo();
    remotePort = Bytes.u16(at);
    localPort = Bytes.u16(at + 2);
    int seq = Bytes.i32(at + 4);
    readTimestamp(at);
    frame.release();
    if ((flags & 4) != 0) {
      refused = true;
    } else if ((flags & 2) != 0) {
      rcvNxt = seq + 1;
      established |= synSent;
      later(synSent ? "" : "S", manners.synOptions);
    } else {
      established = true;
      readable += length;
      finished |= (flags & 1) != 0;
      rcvNxt = seq + length + (flags & 1);
      if (length + (flags & 1) > 0) {
        later("", List.of());
      }
    }
  }

  private void readTimestamp(long header) {
    int end = (Bytes.u8(header + 12) >> 4) * 4;
    for (int i = 20; i + 9 < end; i++) {
      if (Bytes.u16(header + i) == 0x080a) {
        echo = Bytes.u32(header + i + 2);
      }
    }
  }

  private void later(String flags, List<TcpOption> options) {
    shard
        .wheel()
        .schedule(
            new TimerNode() {
              @Override
              protected void onTimer(long now) {
                segment(flags, 0, options, true);
                if (manners.extraAck) {
                  segment("", 0, List.of(), true);
                }
              }
            },
            shard.clock().now() + manners.replyDelay);
  }

  void connect(IpAddress address, int port) {
    remoteHi = address.hi();
    remoteLo = address.lo();
    remotePort = port;
    localPort = 49_999;
    synSent = true;
    segment("S", 0, manners.synOptions, false);
  }

  void send(int length) {
    int left = length;
    while (left > 0) {
      int now = Math.min(left, manners.segment);
      left -= now;
      segment(left == 0 ? "P" : "", now, List.of(), true);
    }
  }

  void fin() {
    segment("F", 0, List.of(), true);
  }

  private void segment(String flags, int length, List<TcpOption> options, boolean ack) {
    List<TcpOption> all = new ArrayList<>(options);
    if (echo >= 0) {
      all.addAll(
          List.of(TcpOption.nop(), TcpOption.nop(), TcpOption.timestamps(0x1000_0000, echo)));
    }
    PacketBuilder packet =
        PacketBuilder.tcp()
            .from("192.168.0.1", localPort)
            .to(new IpAddress(remoteHi, remoteLo).toString(), remotePort)
            .seq(sndNxt)
            .flags(flags + manners.extraFlags)
            .options(all)
            .payload(length);
    if (ack) {
      packet.ack(rcvNxt + manners.ackOffset);
    }
    byte[] bytes = packet.transportBytes();
    Frame frame = shard.pool().allocate();
    Bytes.copyIn(bytes, 0, frame.append(bytes.length), bytes.length);
    Route route = shard.route(0, IpAddress.ANY_V4.lo(), remoteHi, remoteLo);
    route.send(frame, 6, 0, 64, true, shard.clock().now());
    sndNxt += length + (flags.contains("S") || flags.contains("F") ? 1 : 0);
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

  /** The sockets of it. */
  static final class Host implements ScriptHost {
    private final FakeTcp tcp;
    private boolean accepted;

    Host(FakeTcp tcp) {
      this.tcp = tcp;
    }

    static Factory with(Manners manners) {
      return (world, port, setup) -> {
        Shard shard = world.stack(world.builder(port, setup.local())).shard(0);
        FakeTcp tcp = (FakeTcp) shard.tcp();
        tcp.manners = manners;
        return new Host(tcp);
      };
    }

    @Override
    public int socket(boolean stream) {
      return 40;
    }

    @Override
    public int bind(int fd, IpAddress address, int port) {
      tcp.localPort = port;
      return port == 1 ? Errno.EACCES.failure() : 0;
    }

    @Override
    public int listen(int fd, int backlog) {
      return 0;
    }

    @Override
    public int accept(int fd) {
      if (!tcp.established || accepted) {
        return Errno.EAGAIN.failure();
      }
      accepted = true;
      return 41;
    }

    @Override
    public int connect(int fd, IpAddress address, int port) {
      tcp.connect(address, port);
      return Errno.EINPROGRESS.failure();
    }

    @Override
    public int connected(int fd) {
      if (tcp.refused) {
        return Errno.ECONNREFUSED.failure();
      }
      return tcp.established ? 0 : Errno.EINPROGRESS.failure();
    }

    @Override
    public int send(int fd, int length) {
      tcp.send(length);
      return length;
    }

    @Override
    public int sendTo(int fd, int length, IpAddress address, int port) {
      throw new UnsupportedOperationException("no datagrams here");
    }

    @Override
    public int receive(int fd, int length) {
      int count = Math.min(length, tcp.readable);
      tcp.readable -= count;
      return count == 0 && !tcp.finished ? Errno.EAGAIN.failure() : count;
    }

    @Override
    public int shutdown(int fd, Shutdown how) {
      tcp.fin();
      return 0;
    }

    @Override
    public int close(int fd) {
      return 0;
    }

    @Override
    public int setOption(int fd, String level, String name, long... values) {
      return Arrays.equals(values, new long[] {1}) ? 0 : Errno.EINVAL.failure();
    }

    @Override
    public long getOption(int fd, String level, String name) {
      return 7;
    }

    @Override
    public int poll(int fd) {
      return POLLOUT | (tcp.readable > 0 ? POLLIN : 0);
    }

    @Override
    public int localPort(int fd) {
      return tcp.localPort;
    }
  }
}

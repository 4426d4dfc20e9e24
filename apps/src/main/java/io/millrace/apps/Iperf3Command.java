package io.millrace.apps;

import io.millrace.apps.iperf.IperfClient;
import io.millrace.apps.iperf.IperfServer;
import io.millrace.apps.iperf.JsonReport;
import io.millrace.apps.iperf.Report;
import io.millrace.apps.iperf.TestPlan;
import io.millrace.apps.iperf.TestWatch;
import io.millrace.apps.iperf.TextReport;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.tcp.TcpConfig;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures the rate between this stack and iperf3 or another stack. */
@Command(
    name = "iperf3",
    description = "Measures throughput with iperf3, as its client or its server.",
    sortOptions = false,
    footer = {
      "",
      "Examples, with the kernel's iperf3 on the other end:",
      "  sudo ./millrace iperf3 -s                    then: iperf3 -c 10.77.0.2",
      "  sudo ./millrace iperf3 -c 10.77.0.1 -R -P 4  after: iperf3 -s"
    })
final class Iperf3Command implements Callable<Integer> {
  /** What iperf3 sends over UDP if nothing else is said. */
  private static final long UDP_BITRATE = 1 << 20;

  /** Headers of IP and TCP with timestamps: iperf3 makes datagrams as large as segments. */
  private static final int IPV4_HEADERS = 52;

  private static final int IPV6_HEADERS = 72;

  @Spec private CommandSpec spec;
  @Mixin private StackOptions stackOptions;

  @ArgGroup(multiplicity = "1")
  private Role role;

  private static final class Role {
    @Option(
        names = {"-s", "--server"},
        description = "Waits for clients, one after the other.")
    private boolean server;

    @Option(
        names = {"-c", "--client"},
        paramLabel = "HOST",
        description = "Starts a test with the server there.")
    private String client;
  }

  @Option(
      names = {"-p", "--port"},
      paramLabel = "N",
      converter = Converters.TransportPort.class,
      defaultValue = "5201",
      description = "The server's port. Default: ${DEFAULT-VALUE}")
  private int port;

  @Option(
      names = {"-1", "--one-off"},
      description = "The server ends after one test.")
  private boolean oneOff;

  @Option(
      names = {"-u", "--udp"},
      description = "Sends datagrams, not over TCP.")
  private boolean udp;

  @Option(
      names = {"-R", "--reverse"},
      description = "The server sends.")
  private boolean reverse;

  @Option(names = "--bidir", description = "Both send.")
  private boolean bidirectional;

  @Option(
      names = {"-P", "--parallel"},
      paramLabel = "N",
      defaultValue = "1",
      description = "So many streams each way. Default: ${DEFAULT-VALUE}")
  private int streams;

  @Option(
      names = {"-t", "--time"},
      paramLabel = "SECONDS",
      description = "How long. Default: 10")
  private Integer seconds;

  @Option(
      names = {"-n", "--bytes"},
      paramLabel = "BYTES",
      converter = Converters.Size.class,
      description = "How much to send, in place of -t.")
  private Long bytes;

  @Option(
      names = {"-k", "--blockcount"},
      paramLabel = "N",
      converter = Converters.Size.class,
      description = "How many blocks to send, in place of -t.")
  private Long blocks;

  @Option(
      names = {"-O", "--omit"},
      paramLabel = "SECONDS",
      defaultValue = "0",
      description = "So many seconds at the beginning do not count.")
  private int omit;

  @Option(
      names = {"-b", "--bitrate"},
      paramLabel = "RATE",
      converter = Converters.Rate.class,
      description = "Bits per second of each stream, 0 for no limit. Default: 1 Mbit/s with -u")
  private Long bitrate;

  @Option(
      names = {"-l", "--length"},
      paramLabel = "BYTES",
      converter = Converters.Size.class,
      description = "Bytes per write or datagram. Default: 128K; with -u what fits the MTU")
  private Long length;

  @Option(
      names = {"-w", "--window"},
      paramLabel = "BYTES",
      converter = Converters.Size.class,
      defaultValue = "4M",
      description = "What a connection may receive unread, and queue. Default: ${DEFAULT-VALUE}")
  private long window;

  @Option(
      names = {"-S", "--tos"},
      paramLabel = "N",
      defaultValue = "0",
      description = "DSCP and ECN of the packets, 0 to 255. Default: ${DEFAULT-VALUE}")
  private int trafficClass;

  @Option(names = "--udp-counters-64bit", description = "Numbers datagrams with 64 bits.")
  private boolean longCounters;

  @Option(
      names = {"-i", "--interval"},
      paramLabel = "SECONDS",
      defaultValue = "1",
      description = "Time between reports, 0 for only one at the end. Default: ${DEFAULT-VALUE}")
  private double interval;

  @Option(
      names = {"-J", "--json"},
      description = "Reports in JSON, of the shape of iperf3's.")
  private boolean json;

  @ArgGroup private FamilyOption family;

  @Override
  public Integer call() throws InterruptedException {
    if (interval != 0 && !(interval >= 0.1 && interval <= 60)) {
      throw wrong("-i takes 0, or 0.1 to 60 seconds");
    }
    if (window < 2_048 || window > 1 << 30) {
      throw wrong("-w takes 2K to 1G bytes");
    }
    if (!role.server) {
      plan(1_500, IPV4_HEADERS); // says what is wrong before there is a stack
    }
    TcpConfig tcp =
        TcpConfig.defaults().with().receiveBuffer((int) window).sendBuffer((int) window).build();
    PrintWriter out = spec.commandLine().getOut();
    NetStack stack = stackOptions.start("", tcp);
    // What is not JSON must not be among it.
    PrintWriter notes = json ? spec.commandLine().getErr() : out;
    try (RunningStack running = new RunningStack(stack, notes)) {
      Report report = json ? new JsonReport(out) : new TextReport(out);
      return role.server ? serve(running.stack(), report, notes) : test(stack, report);
    }
  }

  private int serve(NetStack stack, Report report, PrintWriter notes) throws InterruptedException {
    TestWatch watch = new TestWatch(interval);
    IperfServer.listen(stack, port, watch);
    IpAddress address = stackOptions.awaitAddress(stack);
    notes.printf("iperf3 server on %s, port %d%n", address, port);
    notes.printf("  connected to  %s%n", Ports.describe(stack));
    notes.printf("  try           iperf3 -c %s%s%n", address, port == 5201 ? "" : " -p " + port);
    notes.printf("  stop          Ctrl-C%n");
    while (true) {
      boolean good = watch.follow(report);
      if (oneOff) {
        return good ? 0 : 1;
      }
    }
  }

  private int test(NetStack stack, Report report) throws InterruptedException {
    var _ = stackOptions.awaitAddresses(stack);
    IpAddress server = Hosts.resolve(stack, role.client, FamilyOption.of(family));
    int headers = server.isV4() ? IPV4_HEADERS : IPV6_HEADERS;
    TestWatch watch = new TestWatch(interval);
    IperfClient.start(stack, server, port, plan(stack.ports().getFirst().mtu(), headers), watch);
    return watch.follow(report) ? 0 : 1;
  }

  private TestPlan plan(int mtu, int headers) {
    boolean byTime = bytes == null && blocks == null;
    if (!byTime && seconds != null || bytes != null && blocks != null) {
      throw wrong("-t, -n and -k are three ways to end a test: give one of them");
    }
    long block = length != null ? length : udp ? Math.max(16, mtu - headers) : TestPlan.TCP_BLOCK;
    try {
      return new TestPlan(
          udp,
          reverse,
          bidirectional,
          streams,
          byTime ? (seconds == null ? 10 : seconds) : 0,
          omit,
          bytes == null ? 0 : bytes,
          blocks == null ? 0 : blocks,
          (int) Math.min(block, Integer.MAX_VALUE),
          bitrate != null ? bitrate : udp ? UDP_BITRATE : 0,
          longCounters,
          trafficClass);
    } catch (IllegalArgumentException e) {
      throw wrong(e.getMessage());
    }
  }

  private ParameterException wrong(String sentence) {
    return new ParameterException(spec.commandLine(), sentence);
  }
}

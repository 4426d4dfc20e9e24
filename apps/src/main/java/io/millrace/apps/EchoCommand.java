package io.millrace.apps;

import io.millrace.apps.example.EchoServer;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Sends back what it receives, over TCP and UDP, until it is stopped. */
@Command(
    name = "echo",
    description = "Sends back what it receives, over TCP and UDP.",
    footer = {
      "",
      "Example:",
      "  sudo ./millrace echo                         then: nc 10.77.0.2 7"
    })
final class EchoCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private StackOptions stackOptions;

  @Option(
      names = "--port",
      paramLabel = "N",
      converter = Converters.TransportPort.class,
      defaultValue = "7",
      description = "The port of both. Default: ${DEFAULT-VALUE}")
  private int port;

  @Override
  public Integer call() throws InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    NetStack stack = stackOptions.start();
    try (RunningStack running = new RunningStack(stack, out)) {
      Tcp.listen(stack, port, connection -> new EchoServer());
      for (int i = 0; i < stack.shardCount(); i++) {
        Shard shard = stack.shard(i);
        shard.execute(() -> Udp.of(shard).bind(port, echo()));
      }
      var address = stackOptions.awaitAddress(stack);
      out.printf("Echo on %s, TCP and UDP port %d%n", address, port);
      out.printf("  connected to  %s%n", Ports.describe(stack));
      out.printf("  try           nc %s %d     or     nc -u %s %d%n", address, port, address, port);
      out.printf("  stop          Ctrl-C%n");
      running.awaitEnd();
    }
    return 0;
  }

  private static UdpHandler echo() {
    return (socket, datagram, sourceHi, sourceLo, sourcePort) -> {
      if (sourcePort != 0) {
        datagram.retain();
        socket.sendFrame(datagram, sourceHi, sourceLo, sourcePort);
      }
    };
  }
}

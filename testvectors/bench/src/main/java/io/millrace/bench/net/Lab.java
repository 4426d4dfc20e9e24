package io.millrace.bench.net;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Two network namespaces, one for servers and one for clients, the cables between them, and the
 * programs that run in them. All of it goes away when the lab is closed, when this program is
 * stopped, and at the latest when the next lab is built.
 *
 * <p><b>Thread:</b> the one that made it; programs die with that thread.
 */
final class Lab implements AutoCloseable {
  private static final String PREFIX = "mrb";
  private static final Path NAMED = Path.of("/run/netns");

  private final String server = PREFIX + ProcessHandle.current().pid() + "s";
  private final String client = PREFIX + ProcessHandle.current().pid() + "c";
  private final Cores cores;
  private final List<Program> programs = new ArrayList<>();
  private final Path folder;
  private final Thread hook = new Thread(this::tearDown, "millrace-lab-close");
  private boolean gone;

  Lab(Cores cores) {
    this.cores = cores;
    try {
      folder = Files.createTempDirectory("millrace-bench");
    } catch (IOException e) {
      throw new BenchException("no temporary folder can be made: " + e.getMessage(), e);
    }
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      removeLeftovers();
      for (String name : List.of(server, client)) {
        Tool.run("ip", "netns", "add", name);
        Tool.run("ip", "-n", name, "link", "set", "lo", "up");
        sysctl(name, "net.core.somaxconn=4096");
        sysctl(name, "net.ipv4.tcp_max_syn_backlog=4096");
        sysctl(name, "net.ipv4.ip_forward=1");
        sysctl(name, "net.ipv4.ip_local_port_range=1024 65535");
        sysctl(name, "net.ipv6.conf.all.disable_ipv6=1");
        sysctl(name, "net.ipv6.conf.default.disable_ipv6=1");
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Removes the namespaces of labs whose program does not live any more. */
  private static void removeLeftovers() {
    try (Stream<Path> names = Files.isDirectory(NAMED) ? Files.list(NAMED) : Stream.empty()) {
      for (String name : names.map(path -> path.getFileName().toString()).toList()) {
        if (name.matches(PREFIX + "[0-9]+[sc]")) {
          String pid = name.substring(PREFIX.length(), name.length() - 1);
          if (!Files.exists(Path.of("/proc", pid))) {
            Tool.tryRun(List.of("ip", "netns", "del", name));
          }
        }
      }
    } catch (IOException e) {
      throw new BenchException(NAMED + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static void sysctl(String namespace, String setting) {
    Tool.run("ip", "netns", "exec", namespace, "sysctl", "-q", "-w", setting);
  }

  /** The namespace of the servers. */
  String server() {
    return server;
  }

  /** The namespace of the clients. */
  String client() {
    return client;
  }

  /** A folder for what programs need. */
  Path folder() {
    return folder;
  }

  /**
   * Lays a cable. Its name with a 0 behind it is the end at the servers, with a 1 at the clients.
   *
   * @param network the first three bytes of its IPv4 network; the kernel has .1 on the servers'
   *     side and .2 on the clients'
   * @param kernelServes whether the kernel has an address on the servers' side
   */
  void cable(String name, String network, boolean kernelServes) {
    Tool.run(
        ("ip link add " + name + "0 netns " + server + " type veth peer name " + name + "1 netns ")
            .concat(client)
            .split(" "));
    if (kernelServes) {
      Tool.run("ip", "-n", server, "address", "add", network + ".1/24", "dev", name + "0");
    }
    Tool.run("ip", "-n", client, "address", "add", network + ".2/24", "dev", name + "1");
    Tool.run("ip", "-n", server, "link", "set", name + "0", "up");
    Tool.run("ip", "-n", client, "link", "set", name + "1", "up");
  }

  /** A command line that runs in a namespace on a core, and dies with this program. */
  private static List<String> in(String namespace, int core, List<String> command) {
    List<String> all = new ArrayList<>();
    all.addAll(List.of("ip", "netns", "exec", namespace, "taskset", "-c", "" + core));
    all.addAll(anywhere(command));
    return all;
  }

  /** A command line among the servers, on their core. */
  List<String> atServer(List<String> command) {
    return in(server, cores.server(), command);
  }

  /** A command line among the clients, on their core. */
  List<String> atClient(List<String> command) {
    return in(client, cores.client(), command);
  }

  /** A server's command line, but among the clients: for a stack that is a neighbor's TAP away. */
  List<String> serverAtClient(List<String> command) {
    return in(client, cores.server(), command);
  }

  /** A client's command line, but among the servers: for a stack that is a neighbor's TAP away. */
  List<String> clientAtServer(List<String> command) {
    return in(server, cores.client(), command);
  }

  /** A command line that pins its threads itself and needs no network. */
  static List<String> anywhere(List<String> command) {
    List<String> all = new ArrayList<>();
    // Asked of the kernel, because nobody else would end it if this program were killed.
    all.addAll(List.of("setpriv", "--pdeathsig", "KILL"));
    all.addAll(command);
    return all;
  }

  /** Starts a program that runs until it is stopped. */
  Program start(String name, List<String> command) {
    Program program = Program.start(command, folder.resolve(name + ".log"));
    synchronized (this) {
      programs.add(program);
    }
    return program;
  }

  @Override
  public void close() {
    tearDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The program is ending, and the hook has been or is at it.
    }
  }

  private synchronized void tearDown() {
    if (gone) {
      return;
    }
    gone = true;
    programs.forEach(Program::close);
    for (String name : List.of(server, client)) {
      if (Files.exists(NAMED.resolve(name))) {
        Tool.tryRun(List.of("ip", "netns", "del", name));
      }
    }
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException e) {
      System.err.println(folder + " cannot be removed: " + e.getMessage());
    }
  }
}

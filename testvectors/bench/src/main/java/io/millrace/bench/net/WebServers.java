package io.millrace.bench.net;

import io.millrace.bench.net.servers.Body;
import io.millrace.bench.net.servers.JdkServer;
import io.millrace.bench.net.servers.NettyServer;
import io.millrace.bench.net.servers.NioServer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Starts the web servers: each alone on the servers' core while it is measured, all with a body of
 * the same size, Java ones with the same heap and collector.
 */
final class WebServers {
  /** The network between the kernels of the two namespaces. */
  static final String KERNEL_NETWORK = "10.90.1";

  /** The network on which the stack has the servers' side of a veth. */
  static final String VETH_NETWORK = "10.90.2";

  /** The network of the TAP between the stack and the clients' kernel. */
  static final String TAP_NETWORK = "10.90.3";

  static final String KERNEL_CABLE = "mrbk";
  static final String VETH_CABLE = "mrbx";
  static final String TAP = "mrbt0";

  private static final String APPS = "io.millrace.apps.Main";
  private static final String PAGE = "page.html";

  private final Lab lab;
  private final Path root;
  private final int size;
  private final Map<String, Starter> starters = new LinkedHashMap<>();

  /** Starts one server, or says why it cannot. */
  private interface Starter {
    WebServer start(String name) throws IOException;
  }

  WebServers(Lab lab, int size) throws IOException {
    this.lab = lab;
    this.size = size;
    root = Files.createDirectory(lab.folder().resolve("www"));
    Files.write(root.resolve(PAGE), Body.of(size));
    starters.put("millrace-tap", this::millraceOnTap);
    starters.put("netty-epoll", name -> netty(name, "epoll", 8081));
    starters.put("netty-io_uring", name -> netty(name, "io_uring", 8082));
    starters.put("nio", name -> java(name, List.of(), NioServer.class, 8083));
    starters.put("jdk-httpserver", this::jdk);
    starters.put("nginx", this::nginx);
  }

  /** What can be started. */
  static List<String> names() {
    return List.of(
        "millrace-tap", "netty-epoll", "netty-io_uring", "nio", "jdk-httpserver", "nginx");
  }

  /**
   * Starts a server and waits until it serves.
   *
   * @throws BenchException saying why it cannot be had
   */
  WebServer start(String name) throws IOException, InterruptedException {
    WebServer server = starters.get(name).start(name);
    server.awaitReady(lab);
    return server;
  }

  private WebServer millraceOnTap(String name) {
    List<String> command = new ArrayList<>(ownJava());
    command.addAll(List.of(APPS, "httpd", "--root", root.toString()));
    command.addAll(List.of("--driver", "tap:" + TAP + ",address=" + TAP_NETWORK + ".2/24"));
    command.addAll(List.of("--address", TAP_NETWORK + ".1/24"));
    return new WebServer(
        name, "http://" + TAP_NETWORK + ".1/" + PAGE, lab.start(name, lab.serverAtClient(command)));
  }

  private WebServer netty(String name, String transport, int port) {
    List<String> command = new ArrayList<>(java());
    command.addAll(
        List.of(
            "--sun-misc-unsafe-memory-access=allow",
            "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
            "-Dio.netty.tryReflectionSetAccessible=true",
            "-Dio.netty.leakDetection.level=disabled",
            "-Dio.netty.buffer.checkBounds=false",
            "-Dio.netty.buffer.checkAccessible=false",
            NettyServer.class.getName(),
            transport));
    return served(name, command, port);
  }

  private WebServer jdk(String name) {
    List<String> options =
        List.of(
            "-Dsun.net.httpserver.nodelay=true",
            "-Dsun.net.httpserver.maxIdleConnections=1000",
            "-Djdk.httpserver.maxConnections=2000");
    return java(name, options, JdkServer.class, 8084);
  }

  private WebServer java(String name, List<String> options, Class<?> main, int port) {
    List<String> command = new ArrayList<>(java());
    command.addAll(options);
    command.add(main.getName());
    return served(name, command, port);
  }

  /** Adds address, port and size, and starts it on the kernel's side. */
  private WebServer served(String name, List<String> command, int port) {
    String address = KERNEL_NETWORK + ".1";
    command.addAll(List.of(address, "" + port, "" + size));
    return new WebServer(name, "http://" + address + ":" + port + "/" + PAGE, start(name, command));
  }

  private Program start(String name, List<String> command) {
    return lab.start(name, lab.atServer(command));
  }

  private WebServer nginx(String name) throws IOException {
    if (!Tool.install("nginx", "nginx-light")) {
      throw new BenchException("nginx is not installed and cannot be: apt install nginx-light");
    }
    String address = KERNEL_NETWORK + ".1:8085";
    Path home = Files.createDirectory(lab.folder().resolve("nginx"));
    Path configuration = home.resolve("nginx.conf");
    Files.writeString(
        configuration,
        """
        user root;
        worker_processes 1;
        daemon off;
        master_process off;
        pid %1$s/pid;
        error_log %1$s/error.log;
        events { worker_connections 4096; use epoll; multi_accept on; }
        http {
          access_log off;
          types { text/html html; }
          keepalive_requests 1000000000;
          sendfile on;
          tcp_nodelay on;
          open_file_cache max=100;
          open_file_cache_valid 60s;
          client_body_temp_path %1$s/body;
          proxy_temp_path %1$s/proxy;
          fastcgi_temp_path %1$s/fastcgi;
          uwsgi_temp_path %1$s/uwsgi;
          scgi_temp_path %1$s/scgi;
          server { listen %2$s backlog=4096; root %3$s; }
        }
        """
            .formatted(home, address, root));
    Program program =
        start(name, List.of("nginx", "-p", home.toString(), "-c", configuration.toString()));
    return new WebServer(name, "http://" + address + "/" + PAGE, program);
  }

  /** A JVM like this one, for the stack: ./millrace gave it the options. */
  static List<String> ownJava() {
    List<String> command = new ArrayList<>();
    command.add(javaBinary());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    return command;
  }

  /** A JVM for the others. */
  static List<String> java() {
    return List.of(
        javaBinary(),
        "--enable-native-access=ALL-UNNAMED",
        "-XX:+UseSerialGC",
        "-XX:+UseCompactObjectHeaders",
        "-Xms1g",
        "-Xmx1g",
        "-cp",
        System.getProperty("java.class.path"));
  }

  private static String javaBinary() {
    return ProcessHandle.current().info().command().orElse("java");
  }
}

package io.millrace.bench.net;

import io.millrace.bench.net.servers.Body;
import io.millrace.bench.net.servers.JdkServer;
import io.millrace.bench.net.servers.NettyServer;
import io.millrace.bench.net.servers.NioServer;
import io.millrace.spi.Driver;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

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

  /** The applications, which are built on top of this module. */
  static final String APPS = "io.millrace.apps.Main";

  private static final String PAGE = "page.html";

  private final Lab lab;
  private final Path root;
  private final int size;
  private final Map<String, Starter> starters = new LinkedHashMap<>();

  /** Starts one server, or says why it cannot. */
  private interface Starter {
    WebServer start(String name) throws IOException, InterruptedException;
  }

  WebServers(Lab lab, int size) throws IOException {
    this.lab = lab;
    this.size = size;
    root = Files.createDirectory(lab.folder().resolve("www"));
    Files.write(root.resolve(PAGE), Body.of(size));
    starters.put("millrace-afxdp", this::millraceOnVeth);
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
        "millrace-afxdp",
        "millrace-tap",
        "netty-epoll",
        "netty-io_uring",
        "nio",
        "jdk-httpserver",
        "nginx");
  }

  /**
   * Starts a server and waits until it serves.
   *
   * @throws BenchException saying why it cannot be had
   */
  WebServer start(String name) throws IOException, InterruptedException {
    return starters.get(name).start(name);
  }

  private WebServer millraceOnVeth(String name) throws InterruptedException {
    if (!hasDriver("afxdp")) {
      throw new BenchException("there is no AF_XDP driver on the class path");
    }
    // What a veth carries was never on a wire, and its checksums are not filled in.
    List<String> command = httpd("afxdp:" + VETH_CABLE + "0,rxcsum=trust", VETH_NETWORK);
    command.addAll(List.of("--gateway", VETH_NETWORK + ".2"));
    return ready(name, Link.VETH, VETH_NETWORK + ".1", lab.start(name, lab.atServer(command)));
  }

  private WebServer millraceOnTap(String name) throws InterruptedException {
    List<String> command = httpd("tap:" + TAP + ",address=" + TAP_NETWORK + ".2/24", TAP_NETWORK);
    command.addAll(List.of("--gateway", TAP_NETWORK + ".2"));
    return ready(name, Link.TAP, TAP_NETWORK + ".1", lab.start(name, lab.serverAtClient(command)));
  }

  /** The applications' web server, with the stack's address .1 on a network. */
  private List<String> httpd(String driver, String network) {
    List<String> command = new ArrayList<>(ownJava());
    command.add(APPS);
    command.addAll(httpdArguments(driver, network));
    return command;
  }

  /** The command and its options, behind the program. */
  List<String> httpdArguments(String driver, String network) {
    return List.of(
        "httpd", "--root", root.toString(), "--driver", driver, "--address", network + ".1/24");
  }

  /** Whether the stack can open such ports. */
  static boolean hasDriver(String scheme) {
    for (Driver driver : ServiceLoader.load(Driver.class)) {
      if (driver.scheme().equals(scheme)) {
        return true;
      }
    }
    return false;
  }

  private WebServer ready(String name, Link link, String address, Program program)
      throws InterruptedException {
    String url = url(address);
    WebServer.awaitAnswer(lab, name, url, program);
    return WebServer.of(name, link, url, program);
  }

  /** The page on a server. */
  static String url(String address) {
    return "http://" + address + "/" + PAGE;
  }

  private WebServer netty(String name, String transport, int port) throws InterruptedException {
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

  private WebServer jdk(String name) throws InterruptedException {
    List<String> options =
        List.of(
            "-Dsun.net.httpserver.nodelay=true",
            "-Dsun.net.httpserver.maxIdleConnections=1000",
            "-Djdk.httpserver.maxConnections=2000");
    return java(name, options, JdkServer.class, 8084);
  }

  private WebServer java(String name, List<String> options, Class<?> main, int port)
      throws InterruptedException {
    List<String> command = new ArrayList<>(java());
    command.addAll(options);
    command.add(main.getName());
    return served(name, command, port);
  }

  /** Adds address, port and size, and starts it on the kernel's side. */
  private WebServer served(String name, List<String> command, int port)
      throws InterruptedException {
    String address = KERNEL_NETWORK + ".1";
    command.addAll(List.of(address, "" + port, "" + size));
    Program program = lab.start(name, lab.atServer(command));
    return ready(name, Link.KERNEL, address + ":" + port, program);
  }

  private WebServer nginx(String name) throws IOException, InterruptedException {
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
    List<String> command = List.of("nginx", "-p", home.toString(), "-c", configuration.toString());
    return ready(name, Link.KERNEL, address, lab.start(name, lab.atServer(command)));
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

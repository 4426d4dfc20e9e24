package io.millrace.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A program for the kernel's side: many connections to a web server, each for one page, which must
 * be the same on all. Arguments: {@code sequential} or {@code concurrent}, how many, the server's
 * address. Its one line of output is {@code ok} and the number of pages.
 */
final class KernelClient {
  private static final byte[] REQUEST =
      "GET / HTTP/1.1\r\nHost: there\r\nConnection: close\r\n\r\n".getBytes(ISO_8859_1);
  private static final int PORT = 80;
  private static final int LIMIT_MILLIS = 170_000;

  private final InetAddress server;
  private byte[] page;
  private int pages;

  private KernelClient(InetAddress server) {
    this.server = server;
  }

  public static void main(String[] arguments) throws IOException {
    KernelClient client = new KernelClient(InetAddress.getByName(arguments[2]));
    int count = Integer.parseInt(arguments[1]);
    if (arguments[0].equals("sequential")) {
      client.sequential(count);
    } else {
      client.concurrent(count);
    }
    System.out.println("ok " + client.pages);
  }

  /** Runs it in the lab; returns what it prints. */
  static String run(Lab lab, String how, int count) throws IOException {
    String classes =
        KernelClient.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    String java = System.getProperty("java.home") + "/bin/java";
    return lab.run(
            java,
            "-Xmx256m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            classes,
            KernelClient.class.getName(),
            how,
            "" + count,
            Lab.STACK)
        .strip();
  }

  private void sequential(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      try (Socket socket = connect()) {
        ask(socket);
        read(socket);
      }
    }
  }

  private void concurrent(int count) throws IOException {
    List<Socket> sockets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sockets.add(connect());
    }
    for (Socket socket : sockets) {
      ask(socket);
    }
    for (Socket socket : sockets) {
      read(socket);
      socket.close();
    }
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(server, PORT);
    socket.setSoTimeout(LIMIT_MILLIS);
    return socket;
  }

  private static void ask(Socket socket) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(REQUEST);
    out.flush();
  }

  private void read(Socket socket) throws IOException {
    String answer = new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    int body = answer.indexOf("\r\n\r\n");
    if (!answer.startsWith("HTTP/1.1 200 ") || body < 0) {
      throw new IOException("not a page: " + answer);
    }
    byte[] bytes = answer.substring(body).getBytes(ISO_8859_1);
    if (page != null && !Arrays.equals(page, bytes)) {
      throw new IOException("another page than before: " + answer);
    }
    page = bytes;
    pages++;
  }
}

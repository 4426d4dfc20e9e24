package io.millrace.bench.net.servers;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;

/** The web server that comes with the JDK, with its one thread. */
public final class JdkServer {
  private static final int BACKLOG = 4_096;

  private JdkServer() {}

  /**
   * Serves until it is killed.
   *
   * @param args address, port, bytes of the body
   */
  public static void main(String[] args) throws IOException {
    byte[] body = Body.of(Integer.parseInt(args[2]));
    HttpServer server =
        HttpServer.create(new InetSocketAddress(args[0], Integer.parseInt(args[1])), BACKLOG);
    server.createContext("/", exchange -> answer(exchange, body));
    server.start();
  }

  private static void answer(HttpExchange exchange, byte[] body) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
    exchange.sendResponseHeaders(200, body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
  }
}

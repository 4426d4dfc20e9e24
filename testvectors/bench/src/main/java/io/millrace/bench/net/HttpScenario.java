package io.millrace.bench.net;

/**
 * How a web server is loaded.
 *
 * @param connections open at once, one request outstanding on each
 * @param close whether each request has a connection of its own
 */
record HttpScenario(int connections, boolean close) {
  /** For a title. */
  String title() {
    return connections + " connections, " + (close ? "Connection: close" : "keep-alive");
  }
}

package io.millrace.bench.net;

/** Something that loads a web server. */
interface HttpClient {
  /** As the tables call it. */
  String name();

  /** Loads the server for a while and says how it went. */
  HttpResult run(WebServer server, HttpScenario scenario, double seconds);
}

package io.millrace.apps.http;

/**
 * What a web server has done.
 *
 * @param connectionsOpen connections that are open now
 * @param connectionsAccepted connections accepted so far
 * @param connectionsRefused connections refused because there were too many
 * @param requests requests understood
 * @param errors responses with a status of 400 or more
 * @param bodyBytesIn bytes of request bodies received
 * @param bodyBytesOut bytes of response bodies queued for sending
 */
public record HttpTotals(
    long connectionsOpen,
    long connectionsAccepted,
    long connectionsRefused,
    long requests,
    long errors,
    long bodyBytesIn,
    long bodyBytesOut) {
  HttpTotals plus(HttpTotals other) {
    return new HttpTotals(
        connectionsOpen + other.connectionsOpen,
        connectionsAccepted + other.connectionsAccepted,
        connectionsRefused + other.connectionsRefused,
        requests + other.requests,
        errors + other.errors,
        bodyBytesIn + other.bodyBytesIn,
        bodyBytesOut + other.bodyBytesOut);
  }
}

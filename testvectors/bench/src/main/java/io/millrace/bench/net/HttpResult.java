package io.millrace.bench.net;

/**
 * What a client has seen.
 *
 * @param requests answered
 * @param seconds that it took
 * @param errors connections and requests that failed
 * @param micros latency in microseconds
 */
record HttpResult(long requests, double seconds, long errors, Percentiles micros) {
  double perSecond() {
    return requests / seconds;
  }
}

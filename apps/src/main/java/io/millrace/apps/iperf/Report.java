package io.millrace.apps.iperf;

import java.util.List;

/** Tells a person or a program how a test goes. <b>Thread:</b> one that may wait. */
public sealed interface Report permits TextReport, JsonReport {
  /**
   * What a stream has done in a part of the test.
   *
   * @param start in seconds from the start
   * @param end in seconds from the start
   * @param packets sent, or expected by a receiver
   * @param omitted whether it does not count
   */
  record Interval(
      DataStream stream,
      double start,
      double end,
      long bytes,
      long packets,
      long lost,
      double jitter,
      boolean omitted) {
    double seconds() {
      return end - start;
    }
  }

  /** All streams of a test are there. */
  void connected(Session session);

  /** A part of the test is over: one entry for each stream. */
  void interval(List<Interval> streams);

  /** The test is over. */
  void ended(Session session, TestResult result);

  /** The test went wrong. */
  void failed(String sentence);
}

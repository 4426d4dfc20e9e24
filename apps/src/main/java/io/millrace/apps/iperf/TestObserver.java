package io.millrace.apps.iperf;

/**
 * Is told how a test goes. Called on the shard that the test lives on, so it must hand on what it
 * hears to a thread that may take its time.
 */
public interface TestObserver {
  /** All streams are there. */
  void connected(Session session);

  /** Data flows; again when the part that does not count is over. */
  void started(Session session);

  /** It is over, and this came out; the last call about a test. */
  void ended(Session session, TestResult result);

  /** It went wrong; the last call about a test. */
  void failed(String sentence);
}

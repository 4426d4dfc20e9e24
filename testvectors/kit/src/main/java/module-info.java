/** What the tests of the other modules share. */
module io.millrace.testkit {
  requires io.millrace.core;
  requires org.junit.jupiter.api;
}

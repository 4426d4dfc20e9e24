/** What the tests of the other modules share. */
module io.millrace.testkit {
  requires transitive io.millrace.core;
  requires java.management;
  requires jdk.management;
  requires org.junit.jupiter.api;

  exports io.millrace.testkit;
  exports io.millrace.testkit.compliance;
  exports io.millrace.testkit.driver;
  exports io.millrace.testkit.host;
  exports io.millrace.testkit.netns;
  exports io.millrace.testkit.packet;
}

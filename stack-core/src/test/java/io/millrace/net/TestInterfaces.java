package io.millrace.net;

import io.millrace.diag.Counters;
import io.millrace.spi.ScriptedPort;

/** Interfaces for tests of what only compares and names them. */
public final class TestInterfaces {
  private TestInterfaces() {}

  /** An interface with a number, on a port where nothing happens. */
  public static NetInterface of(int index) {
    ScriptedPort port = new ScriptedPort();
    return new NetInterface(index, port.info(), port, new Counters(), 0);
  }
}

package io.millrace.apps;

import io.millrace.net.NetStack;
import java.io.PrintWriter;

/**
 * A stack that is closed when the command ends, however it ends: by itself, by an error, by Ctrl-C;
 * then its counters are printed.
 */
final class RunningStack implements AutoCloseable {
  private final NetStack stack;
  private final PrintWriter out;
  private final Thread hook = new Thread(this::closeOnce, "millrace-close");
  private boolean closed;

  RunningStack(NetStack stack, PrintWriter out) {
    this.stack = stack;
    this.out = out;
    Runtime.getRuntime().addShutdownHook(hook);
  }

  NetStack stack() {
    return stack;
  }

  /** Waits until the program is told to end. */
  void awaitEnd() {
    try {
      stack.awaitClose();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The program is ending: the hook does it, or has.
      return;
    }
    closeOnce();
  }

  private synchronized void closeOnce() {
    if (!closed) {
      closed = true;
      stack.close();
      out.println();
      out.print(CounterTable.of(stack));
      out.flush();
    }
  }
}

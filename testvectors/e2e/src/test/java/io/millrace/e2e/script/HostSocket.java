package io.millrace.e2e.script;

import io.millrace.ip.IpAddress;
import io.millrace.testkit.script.Errno;
import io.millrace.testkit.script.ScriptHost;

/** One descriptor of a {@link StackHost}; what a kind of socket does not have answers so. */
abstract class HostSocket {
  private static final int NOT_SUPPORTED = Errno.EOPNOTSUPP.failure();

  abstract int bind(IpAddress address, int port);

  int listen(int backlog) {
    return NOT_SUPPORTED;
  }

  /** The next connection, or null if none waits. */
  HostSocket accept() {
    return null;
  }

  abstract int connect(IpAddress address, int port);

  int connected() {
    return NOT_SUPPORTED;
  }

  abstract int send(int length);

  int sendTo(int length, IpAddress address, int port) {
    return NOT_SUPPORTED;
  }

  abstract int receive(int length);

  int shutdown(ScriptHost.Shutdown how) {
    return NOT_SUPPORTED;
  }

  abstract int close();

  int setOption(String level, String name, long... values) {
    throw new UnsupportedOperationException("the option " + name + " is not bound");
  }

  long getOption(String level, String name) {
    throw new UnsupportedOperationException("the option " + name + " is not bound");
  }

  abstract int poll();

  abstract int localPort();
}

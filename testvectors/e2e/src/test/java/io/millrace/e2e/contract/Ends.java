package io.millrace.e2e.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Two driven stacks that reach each other, both turned by the test. Closing checks that all frames
 * have come back.
 */
abstract class Ends implements AutoCloseable {
  /** Turns without anything to do after which nothing is expected to happen any more. */
  private static final int QUIET_TURNS = 200;

  private final NetStack clientStack;
  private final NetStack serverStack;
  private final boolean virtual;
  private boolean mayHoldFrames;
  private long exceptionsExpected;
  private boolean serverClosed;

  /**
   * Two started stacks.
   *
   * @param virtual whether everything that happens, happens in their duty cycles; if not, a kernel
   *     takes part, and has to be waited for
   */
  Ends(NetStack clientStack, NetStack serverStack, boolean virtual) {
    this.clientStack = clientStack;
    this.serverStack = serverStack;
    this.virtual = virtual;
  }

  /** The end that connects. */
  final Shard client() {
    return clientStack.shard(0);
  }

  /** The end that listens. */
  final Shard server() {
    return serverStack.shard(0);
  }

  /** Closes the server's stack before the client's. */
  final void closeServer() {
    serverClosed = true;
    serverStack.close();
  }

  /** The client's address. */
  abstract IpAddress clientAddress();

  /** The server's address. */
  abstract IpAddress serverAddress();

  /** A port of the server that nothing is bound to. */
  abstract int newPort();

  /** A port of {@link #silentAddress} from which nothing comes back. */
  abstract int silentPort();

  /** An address that the client can reach, at which nobody answers. */
  abstract IpAddress silentAddress();

  /** A broadcast address of the client's network. */
  abstract IpAddress broadcastAddress();

  /** The number of the interface by which the client reaches the server. */
  int clientInterface() {
    return 0;
  }

  /** The number of the interface by which the server reaches the client. */
  int serverInterface() {
    return 0;
  }

  /** The most bytes that a datagram of UDP carries between the two (RFC 768, RFC 8200 §3). */
  final int largestDatagram() {
    return clientAddress().isV4() ? 65_507 : 65_527;
  }

  /** Moves the clock on after a duty cycle of both ends that found work or found none. */
  abstract void tick(boolean worked);

  /** Runs a test where its sockets can reach the ends. */
  void run(Runnable test) {
    test.run();
  }

  /** One duty cycle of each end; whether there was anything to do. */
  final boolean turn() {
    boolean worked = step();
    tick(worked);
    return worked;
  }

  private boolean step() {
    int work = client().step();
    return work + (serverClosed ? 0 : server().step()) != 0;
  }

  /** Turns both ends until {@code condition} holds. */
  final void until(String what, BooleanSupplier condition) {
    Limit limit = new Limit(virtual);
    while (!condition.getAsBoolean()) {
      limit.check(what);
      if (!turn() && !virtual) {
        LockSupport.parkNanos(20_000); // the kernel's turn
      }
    }
  }

  /** Turns both ends until nothing happens any more of what was begun. */
  final void settle() {
    int quiet = 0;
    Limit limit = new Limit(virtual);
    while (quiet < QUIET_TURNS) {
      limit.check("the ends come to rest");
      // Not by the time alone: a connection that is to be given up in a minute is at rest, too.
      boolean worked = step();
      quiet = worked ? 0 : quiet + 1;
      tick(true);
      if (!worked && !virtual) {
        LockSupport.parkNanos(50_000);
      }
    }
  }

  /** The test leaves frames that wait for an address to be resolved: they end with the stack. */
  final void mayHoldFrames() {
    mayHoldFrames = true;
  }

  /** The test makes a handler throw, so many times. */
  final void expectExceptions(long count) {
    exceptionsExpected = count;
  }

  @Override
  public void close() {
    clientStack.close();
    serverStack.close();
    long thrown =
        client().counters().get(Counter.EXCEPTIONS) + server().counters().get(Counter.EXCEPTIONS);
    assertThat(thrown).as("exceptions in the stacks").isEqualTo(exceptionsExpected);
    if (!mayHoldFrames) {
      assertReturned("client", client());
    }
    assertReturned("server", server());
  }

  private static void assertReturned(String end, Shard shard) {
    int out = shard.pool().frames() - shard.pool().available();
    int outLarge = shard.pool().largeFrames() - shard.pool().availableLarge();
    assertThat(out + outLarge)
        .as("frames of the %s that have not come back:%n%s", end, shard.pool().outstanding())
        .isZero();
  }
}

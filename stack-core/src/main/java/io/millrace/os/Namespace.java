package io.millrace.os;

import io.millrace.spi.PortException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * Does something inside another network namespace, for drivers whose device lies there. Any thread.
 */
public final class Namespace {
  private static final int CLONE_NEWNET = 0x4000_0000;
  private static final Path NAMED = Path.of("/run/netns");

  private Namespace() {}

  /**
   * Runs {@code action} in a namespace and returns what it returns, or throws what it throws.
   *
   * @param name a name of {@code ip netns}, or a path; null for the namespace of the caller
   * @throws PortException if the namespace cannot be entered
   */
  public static <T> T in(String name, Supplier<T> action) {
    if (name == null) {
      return action.get();
    }
    // Only a thread of its own is moved, so there is no way back to be missed.
    Visit<T> visit = new Visit<>(name, action);
    Thread thread = new Thread(visit, "millrace-netns");
    thread.start();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return visit.result();
  }

  /** The sentence of a namespace that cannot be entered. */
  static PortException refused(String name, int error) {
    return switch (-error) {
      case Linux.ENOENT ->
          new PortException(
              "there is no network namespace " + name + "; 'ip netns add " + name + "' makes one");
      case Linux.EPERM, Linux.EACCES ->
          new PortException("only root may enter the network namespace " + name);
      case Linux.EINVAL -> new PortException(name + " is not a network namespace");
      default ->
          new PortException(
              "the network namespace " + name + " cannot be entered: " + Linux.describe(error));
    };
  }

  private static final class Visit<T> implements Runnable {
    private final String name;
    private final Supplier<T> action;
    private T value;
    private RuntimeException failure;
    private Error error;

    Visit(String name, Supplier<T> action) {
      this.name = name;
      this.action = action;
    }

    @Override
    public void run() {
      try {
        enter();
        value = action.get();
      } catch (RuntimeException e) {
        failure = e;
      } catch (Error e) {
        error = e;
      }
    }

    private void enter() {
      Linux linux = new Linux();
      Path path = name.contains("/") ? Path.of(name) : NAMED.resolve(name);
      if (Files.isDirectory(path)) {
        throw refused(name, -Linux.EINVAL);
      }
      int fd = linux.open(path.toString(), Linux.O_CLOEXEC);
      int entered = fd < 0 ? fd : linux.setns(fd, CLONE_NEWNET);
      if (fd >= 0) {
        linux.close(fd);
      }
      if (entered < 0) {
        throw refused(name, entered);
      }
    }

    T result() {
      if (failure != null) {
        throw failure;
      }
      if (error != null) {
        throw error;
      }
      return value;
    }
  }
}

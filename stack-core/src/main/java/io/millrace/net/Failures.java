package io.millrace.net;

/** Runs all of several actions although some throw, and throws the first exception in the end. */
final class Failures {
  private RuntimeException first;

  void run(Runnable action) {
    try {
      action.run();
    } catch (RuntimeException e) {
      if (first == null) {
        first = e;
      } else {
        first.addSuppressed(e);
      }
    }
  }

  void rethrow() {
    if (first != null) {
      throw first;
    }
  }

  /** Adds the first exception, if there is one, to what is about to be thrown. */
  void addTo(Throwable e) {
    if (first != null) {
      e.addSuppressed(first);
    }
  }
}

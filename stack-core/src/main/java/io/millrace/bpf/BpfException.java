package io.millrace.bpf;

/** The kernel refused a map, a program or its attachment. */
public final class BpfException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int error;

  BpfException(String message, int error) {
    super(message);
    this.error = error;
  }

  /** The {@code errno}, positive. */
  public int error() {
    return error;
  }
}

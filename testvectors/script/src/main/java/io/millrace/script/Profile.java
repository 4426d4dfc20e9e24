package io.millrace.script;

/**
 * Whose choices a script expects where the RFCs leave one: how the stack is configured, and what is
 * compared.
 */
public enum Profile {
  /** The stack's own. Leaves out windows, PSH, and the order and padding of options. */
  NEUTRAL(false, false, false, "Linux"),

  /** Those of Linux. Everything that is written is compared. */
  LINUX(true, true, true, "Linux"),

  /** Those of FreeBSD. Everything is compared but the order and padding of options. */
  FREEBSD(true, true, false, "FreeBSD");

  private final boolean window;
  private final boolean push;
  private final boolean optionOrder;
  private final String system;

  Profile(boolean window, boolean push, boolean optionOrder, String system) {
    this.window = window;
    this.push = push;
    this.optionOrder = optionOrder;
    this.system = system;
  }

  /** Whether a window that a script writes is compared. */
  public boolean comparesWindow() {
    return window;
  }

  /** Whether the flag PSH is compared. */
  public boolean comparesPush() {
    return push;
  }

  /** Whether options must come in the order and with the padding that a script writes. */
  public boolean comparesOptionOrder() {
    return optionOrder;
  }

  /** The name of the system that a script's {@code #ifdef} knows. */
  public String system() {
    return system;
  }
}

package io.millrace.udp;

/** The address and port are taken by another socket, or no port is free; the message says which. */
public final class AddressInUseException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  /** Creates it with the sentence. */
  public AddressInUseException(String message) {
    super(message);
  }
}

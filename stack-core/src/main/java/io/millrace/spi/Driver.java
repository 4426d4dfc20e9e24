package io.millrace.spi;

/**
 * A kind of port, found by the scheme of a port's name through {@link java.util.ServiceLoader}.
 * Cold path.
 */
public interface Driver {
  /** The word before the colon of a port's name: {@code tap}, {@code pcap}, {@code mem}. */
  String scheme();

  /** One line for people: the form of the name and its options. */
  String usage();

  /**
   * Opens a port. Called by the thread that starts the stack.
   *
   * @throws PortException with one clear sentence if the port cannot be had: what is missing and
   *     how to get it
   */
  Port open(PortConfig config) throws PortException;
}

package io.millrace.ip;

/**
 * An address with the length of its network's prefix, such as {@code 10.0.0.2/24}.
 *
 * @param address the address; host bits may be set
 * @param length the prefix length, 0 to 32 or 0 to 128
 */
public record IpPrefix(IpAddress address, int length) {
  /** Checks the length. */
  public IpPrefix {
    int most = address.isV4() ? 32 : 128;
    if (length < 0 || length > most) {
      throw new IllegalArgumentException(
          address + ": /" + length + " is not a prefix length from 0 to " + most);
    }
  }

  /**
   * Parses {@code address/length}.
   *
   * @throws IllegalArgumentException with a sentence if it is not of that form
   */
  public static IpPrefix parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      throw new IllegalArgumentException(
          "'"
              + text
              + "' has no prefix length; write it as in "
              + (text.indexOf(':') < 0 ? "10.0.0.2/24" : "2001:db8::2/64"));
    }
    int length;
    try {
      length = Integer.parseInt(text.substring(slash + 1));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + text + "' has no number behind the slash", e);
    }
    return new IpPrefix(IpAddress.parse(text.substring(0, slash)), length);
  }

  /** The network mask of an IPv4 prefix as 32 bits. */
  public int v4Mask() {
    return length == 0 ? 0 : -1 << (32 - length);
  }

  @Override
  public String toString() {
    return address + "/" + length;
  }
}

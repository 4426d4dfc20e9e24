package io.millrace.ip;

/** A way to get the addresses of a port other than giving them: the word in an address's place. */
public enum AddressChoice {
  /** Leased from a DHCP server (RFC 2131): {@code port("tap:mr0", "dhcp")}. */
  DHCP("dhcp", 4),
  /** Made from what routers advertise (RFC 4862): {@code port("tap:mr0", "auto")}. */
  AUTO("auto", 6),
  /**
   * Leased from a DHCPv6 server (RFC 8415), which may be beside {@link #AUTO}: {@code
   * port("tap:mr0", "auto", "dhcp6")}.
   */
  DHCP6("dhcp6", 6);

  private final String word;
  private final int version;

  AddressChoice(String word, int version) {
    this.word = word;
    this.version = version;
  }

  /** The word that stands for it. */
  public String word() {
    return word;
  }

  /** The family that it is a choice of: 4 or 6. */
  public int version() {
    return version;
  }

  /** The choice that a word stands for, or null if it is none. */
  public static AddressChoice of(String word) {
    for (AddressChoice each : values()) {
      if (each.word.equals(word)) {
        return each;
      }
    }
    return null;
  }
}

package io.millrace.ipv6.nd;

/** How far an address of ours may be used (RFC 4862 §2, RFC 4429 §2.1). */
public enum AddressState {
  /**
   * Being checked for duplicates; usable for what is received and, with care, for what is sent,
   * before that has ended (RFC 4429).
   */
  OPTIMISTIC,
  /** Usable without any restriction. */
  PREFERRED,
  /**
   * As {@link #PREFERRED}, and made by chance for a while: what begins is to use it rather than
   * others (RFC 8981, rule 7 of RFC 6724 §5).
   */
  TEMPORARY,
  /**
   * Still good for what is going on, not to be chosen for what begins while there is a preferred
   * one (RFC 4862 §5.5.4).
   */
  DEPRECATED
}

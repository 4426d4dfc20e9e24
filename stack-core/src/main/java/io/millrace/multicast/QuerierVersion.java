package io.millrace.multicast;

/** What the oldest querier of a link understands (RFC 3376 §7.2.1, RFC 3810 §8.2.1). */
public enum QuerierVersion {
  /** IGMPv1: groups that are joined and never left. */
  FIRST,
  /** IGMPv2, MLDv1: groups that are joined and left. */
  GROUPS,
  /** IGMPv3, MLDv2: groups and sources. */
  SOURCES
}

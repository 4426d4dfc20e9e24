package io.millrace.ip;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Which of our addresses to send from, and which of a name's addresses to try first (RFC 6724 §5
 * and §6). Knows no stack: it is told all that it needs. Immutable.
 *
 * <p>Left out: home addresses (rule 4 of both), as there is no Mobile IP; rule 5.5, which the
 * choice of a router by source address replaces (RFC 8028); and rule 7 of §6, as there are no
 * tunnels below us.
 */
public final class SourceSelection {
  private final AddressPolicy policy;

  /**
   * An address of ours that could be the source.
   *
   * @param prefixLength bits of its prefix, that two addresses are compared in at most
   * @param deprecated not to be used for what begins, if there is another (RFC 4862 §5.5.4)
   * @param temporary made to be changed soon (RFC 8981)
   * @param outgoing whether it is on the interface that the destination is reached through
   */
  public record Candidate(
      IpAddress address,
      int prefixLength,
      boolean deprecated,
      boolean temporary,
      boolean outgoing) {}

  /** Selects by a table of policies. */
  public SourceSelection(AddressPolicy policy) {
    this.policy = policy;
  }

  /**
   * The best source for a destination.
   *
   * @param candidates of the destination's family
   * @return null if there is none
   */
  public Candidate select(List<Candidate> candidates, IpAddress destination) {
    Candidate best = null;
    for (Candidate each : candidates) {
      if (best == null || isBetter(each, best, destination)) {
        best = each;
      }
    }
    return best;
  }

  /** Whether {@code a} goes before {@code b}, which came first (RFC 6724 §5). */
  private boolean isBetter(Candidate a, Candidate b, IpAddress destination) {
    // Rule 1: the same address.
    if (a.address().equals(destination) != b.address().equals(destination)) {
      return a.address().equals(destination);
    }
    // Rule 2: appropriate scope.
    int scopeA = AddressPolicy.scope(a.address());
    int scopeB = AddressPolicy.scope(b.address());
    int scope = AddressPolicy.scope(destination);
    if (scopeA != scopeB) {
      return scopeA < scopeB ? scopeA >= scope : scopeB < scope;
    }
    // Rule 3: not deprecated.
    if (a.deprecated() != b.deprecated()) {
      return b.deprecated();
    }
    // Rule 5: the outgoing interface.
    if (a.outgoing() != b.outgoing()) {
      return a.outgoing();
    }
    // Rule 6: matching label.
    int label = policy.label(destination);
    boolean matchesA = policy.label(a.address()) == label;
    boolean matchesB = policy.label(b.address()) == label;
    if (matchesA != matchesB) {
      return matchesA;
    }
    // Rule 7: temporary.
    if (a.temporary() != b.temporary()) {
      return a.temporary();
    }
    // Rule 8: the longest matching prefix.
    return common(a, destination) > common(b, destination);
  }

  /** Common bits, no more than the source's prefix has (RFC 6724 §2.2). */
  private static int common(Candidate source, IpAddress destination) {
    IpAddress address = source.address();
    int bits =
        AddressPolicy.commonBits(
            Ipv6Scope.onWire(address.hi()),
            address.lo(),
            Ipv6Scope.onWire(destination.hi()),
            destination.lo());
    return Math.min(bits, source.prefixLength());
  }

  /**
   * Destinations in the order in which to try them (RFC 6724 §6); equals stay in the order they
   * came in.
   *
   * @param sourceOf the source that would be used for a destination, null if it cannot be reached
   */
  public List<IpAddress> sort(
      List<IpAddress> destinations, Function<IpAddress, Candidate> sourceOf) {
    List<Pair> pairs = new ArrayList<>();
    for (IpAddress each : destinations) {
      pairs.add(new Pair(each, sourceOf.apply(each)));
    }
    pairs.sort(this::compare);
    return pairs.stream().map(Pair::destination).toList();
  }

  private record Pair(IpAddress destination, Candidate source) {
    boolean scopesMatch() {
      return AddressPolicy.scope(destination) == AddressPolicy.scope(source.address());
    }
  }

  private int compare(Pair a, Pair b) {
    // Rule 1: those that can be reached.
    if (a.source() == null || b.source() == null) {
      return Boolean.compare(a.source() == null, b.source() == null);
    }
    // Rule 2: scope as the source's.
    if (a.scopesMatch() != b.scopesMatch()) {
      return a.scopesMatch() ? -1 : 1;
    }
    // Rule 3: a source that is not deprecated.
    if (a.source().deprecated() != b.source().deprecated()) {
      return a.source().deprecated() ? 1 : -1;
    }
    // Rule 5: label as the source's.
    if (labelsMatch(a) != labelsMatch(b)) {
      return labelsMatch(a) ? -1 : 1;
    }
    // Rule 6: higher precedence.
    int precedence =
        Integer.compare(policy.precedence(b.destination()), policy.precedence(a.destination()));
    if (precedence != 0) {
      return precedence;
    }
    // Rule 8: smaller scope.
    int scope =
        Integer.compare(AddressPolicy.scope(a.destination()), AddressPolicy.scope(b.destination()));
    if (scope != 0) {
      return scope;
    }
    // Rule 9: the longest matching prefix, in one family.
    return a.destination().isV4() == b.destination().isV4()
        ? Integer.compare(common(b.source(), b.destination()), common(a.source(), a.destination()))
        : 0;
  }

  private boolean labelsMatch(Pair pair) {
    return policy.label(pair.destination()) == policy.label(pair.source().address());
  }
}

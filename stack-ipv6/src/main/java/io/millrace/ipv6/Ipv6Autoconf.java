package io.millrace.ipv6;

/**
 * How addresses of ours are checked, and made from what routers advertise; given to {@link
 * io.millrace.net.NetStack.Builder#with}. Routers are listened to on ports that have {@code auto}
 * among their addresses.
 *
 * @param dadTransmits how often it is asked whether somebody has an address already, 0 for not at
 *     all, up to 16 (RFC 4862 §5.1)
 * @param optimistic whether an address that was made from a prefix is used, with care, while that
 *     is being asked (RFC 4429)
 * @param secret what stable addresses are made with, at least 16 characters (RFC 7217 §5); null for
 *     a random one, so that the addresses are others after a restart
 * @param temporary whether there are temporary addresses beside the stable ones, and preferred to
 *     them (RFC 8981)
 * @param temporaryValid how long a temporary address is valid at most, in seconds
 * @param temporaryPreferred how long it is preferred at most, in seconds, less than that
 * @param routers the most default routers that are remembered per interface, at least 2 (RFC 4861
 *     §6.3.4)
 * @param prefixes the most prefixes that are taken per interface, as many on-link ones, and as many
 *     more-specific routes, at least 1
 * @param addresses the most addresses that are made per interface, at least 2
 * @param redirects the most redirected destinations per interface, 0 to ignore redirects
 */
public record Ipv6Autoconf(
    int dadTransmits,
    boolean optimistic,
    String secret,
    boolean temporary,
    long temporaryValid,
    long temporaryPreferred,
    int routers,
    int prefixes,
    int addresses,
    int redirects) {
  /** The shortest secret. */
  private static final int SECRET_LENGTH = 16;

  /** Checks the ranges. */
  public Ipv6Autoconf {
    if (dadTransmits < 0 || dadTransmits > 16) {
      throw new IllegalArgumentException(
          "duplicate addresses are asked for 0 to 16 times, not " + dadTransmits);
    }
    if (secret != null && secret.length() < SECRET_LENGTH) {
      throw new IllegalArgumentException(
          "the secret of stable addresses has at least " + SECRET_LENGTH + " characters");
    }
    if (temporaryPreferred < 60 || temporaryValid <= temporaryPreferred) {
      throw new IllegalArgumentException(
          "temporary addresses are preferred for at least 60 seconds, and valid for longer");
    }
    if (routers < 2 || prefixes < 1 || addresses < 2 || redirects < 0) {
      throw new IllegalArgumentException(
          "at least 2 routers, 1 prefix, 2 addresses and 0 redirects are remembered");
    }
  }

  /**
   * One question per address, not optimistic; a random secret; no temporary addresses (else two
   * days and one); 8 routers, 16 prefixes, 16 addresses and 64 redirects per interface.
   */
  public static Ipv6Autoconf defaults() {
    return new Ipv6Autoconf(1, false, null, false, 172_800, 86_400, 8, 16, 16, 64);
  }

  /** The same with another number of questions, 0 to use addresses at once. */
  public Ipv6Autoconf withDadTransmits(int newDadTransmits) {
    return new Ipv6Autoconf(
        newDadTransmits,
        optimistic,
        secret,
        temporary,
        temporaryValid,
        temporaryPreferred,
        routers,
        prefixes,
        addresses,
        redirects);
  }

  /** The same with addresses used while they are being checked, or not. */
  public Ipv6Autoconf withOptimistic(boolean newOptimistic) {
    return new Ipv6Autoconf(
        dadTransmits,
        newOptimistic,
        secret,
        temporary,
        temporaryValid,
        temporaryPreferred,
        routers,
        prefixes,
        addresses,
        redirects);
  }

  /** The same with a secret, so that stable addresses survive a restart. */
  public Ipv6Autoconf withSecret(String newSecret) {
    return new Ipv6Autoconf(
        dadTransmits,
        optimistic,
        newSecret,
        temporary,
        temporaryValid,
        temporaryPreferred,
        routers,
        prefixes,
        addresses,
        redirects);
  }

  /** The same with temporary addresses that are valid and preferred for at most so many seconds. */
  public Ipv6Autoconf withTemporary(long valid, long preferred) {
    return new Ipv6Autoconf(
        dadTransmits,
        optimistic,
        secret,
        true,
        valid,
        preferred,
        routers,
        prefixes,
        addresses,
        redirects);
  }

  /** The same with another bound on redirected destinations, 0 to ignore redirects. */
  public Ipv6Autoconf withRedirects(int newRedirects) {
    return new Ipv6Autoconf(
        dadTransmits,
        optimistic,
        secret,
        temporary,
        temporaryValid,
        temporaryPreferred,
        routers,
        prefixes,
        addresses,
        newRedirects);
  }

  /** Not with the secret. */
  @Override
  public String toString() {
    return "Ipv6Autoconf[dadTransmits=%d, optimistic=%s, temporary=%s]"
        .formatted(dadTransmits, optimistic, temporary);
  }
}

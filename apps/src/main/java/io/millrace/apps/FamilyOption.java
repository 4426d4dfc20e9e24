package io.millrace.apps;

import io.millrace.name.NameService.Families;
import picocli.CommandLine.Option;

/** Which addresses of a name are taken; a group of options of which at most one is given. */
final class FamilyOption {
  @Option(
      names = {"-4", "--version4"},
      description = "Takes only IPv4 addresses of a name.")
  private boolean onlyIpv4;

  @Option(
      names = {"-6", "--version6"},
      description = "Takes only IPv6 addresses of a name.")
  private boolean onlyIpv6;

  /** What {@code option} says; null if it was not given. */
  static Families of(FamilyOption option) {
    if (option == null || option.onlyIpv4 == option.onlyIpv6) {
      return Families.BOTH;
    }
    return option.onlyIpv4 ? Families.IPV4 : Families.IPV6;
  }
}

package io.millrace.multicast;

import io.millrace.ip.IpAddress;
import java.util.List;

/** What a host has to send; the family gives it its format. */
public sealed interface MembershipMessage {
  /**
   * A report of IGMPv3 or MLDv2, which may have to be divided: {@link GroupRecord#pack}.
   *
   * @param records at least one
   */
  record Report(List<GroupRecord> records) implements MembershipMessage {
    /** Keeps a copy of the list. */
    public Report {
      records = List.copyOf(records);
    }
  }

  /**
   * A report of one group in an older version.
   *
   * @param group the group, which is also the destination
   * @param version {@link QuerierVersion#GROUPS} or {@link QuerierVersion#FIRST}
   */
  record OldReport(IpAddress group, QuerierVersion version) implements MembershipMessage {}

  /**
   * IGMPv2's leave or MLDv1's done.
   *
   * @param group the group that nobody here listens to any more
   */
  record Leave(IpAddress group) implements MembershipMessage {}
}

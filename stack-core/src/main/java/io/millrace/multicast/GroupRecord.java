package io.millrace.multicast;

import io.millrace.ip.IpAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * What a report says of one group (RFC 3376 §4.2.4, RFC 3810 §5.2.4).
 *
 * @param type what the list means
 * @param group the group
 * @param sources the list, maybe empty
 */
public record GroupRecord(RecordType type, IpAddress group, List<IpAddress> sources) {
  /** The type, auxiliary data length and number of sources in front of the addresses. */
  private static final int FIXED = 4;

  /** Keeps a copy of the list. */
  public GroupRecord {
    sources = List.copyOf(sources);
  }

  /**
   * Bytes of the record on the wire.
   *
   * @param addressSize bytes of an address of the family, 4 or 16
   */
  public int size(int addressSize) {
    return FIXED + addressSize * (1 + sources.size());
  }

  /**
   * Divides records among messages (RFC 3376 §4.2.16, RFC 3810 §5.2.15), in their order.
   *
   * @param room bytes for records in one message, at least for one with one source
   */
  public static List<List<GroupRecord>> pack(List<GroupRecord> all, int room, int addressSize) {
    List<List<GroupRecord>> messages = new ArrayList<>();
    List<GroupRecord> message = new ArrayList<>();
    int left = room;
    for (GroupRecord each : all) {
      for (GroupRecord part : each.split(room, addressSize)) {
        int size = part.size(addressSize);
        if (size > left) {
          messages.add(message);
          message = new ArrayList<>();
          left = room;
        }
        message.add(part);
        left -= size;
      }
    }
    if (!message.isEmpty()) {
      messages.add(message);
    }
    return messages;
  }

  private List<GroupRecord> split(int room, int addressSize) {
    int most = (room - FIXED - addressSize) / addressSize;
    if (sources.size() <= most) {
      return List.of(this);
    }
    if (type.isExclude()) {
      // RFC 3376 §4.2.16: one record with what fits; of the others too much is heard, not too
      // little.
      return List.of(new GroupRecord(type, group, sources.subList(0, most)));
    }
    List<GroupRecord> parts = new ArrayList<>();
    for (int from = 0; from < sources.size(); from += most) {
      int to = Math.min(sources.size(), from + most);
      parts.add(new GroupRecord(type, group, sources.subList(from, to)));
    }
    return parts;
  }
}

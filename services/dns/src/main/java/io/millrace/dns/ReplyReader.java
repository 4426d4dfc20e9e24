package io.millrace.dns;

import io.millrace.ip.IpAddress;
import java.util.ArrayList;
import java.util.List;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * Finds in an answer what was asked for: follows the aliases from the name of the question, and
 * looks at nothing else, so that what a server adds unasked is never believed.
 */
final class ReplyReader {
  /** Aliases that are followed inside one answer. */
  static final int MOST_ALIASES = 16;

  /** Addresses that are taken of one answer. */
  static final int MOST_ADDRESSES = 64;

  private static final long MOST_TTL = Integer.MAX_VALUE;

  private final Message message;
  private final Question question;
  private Name current;
  private long ttl = MOST_TTL;

  private ReplyReader(Message message, Question question) {
    this.message = message;
    this.question = question;
    this.current = question.name();
  }

  /** What an answer without error, or with NXDOMAIN, comes to. */
  static Reply read(Message message, Question question) {
    return new ReplyReader(message, question).read();
  }

  private Reply read() {
    for (int aliases = 0; aliases <= MOST_ALIASES; aliases++) {
      List<IpAddress> addresses = addresses();
      if (!addresses.isEmpty()) {
        return new Reply.Addresses(addresses, ttl);
      }
      CNAMERecord alias = alias();
      if (alias == null) {
        return end(aliases);
      }
      ttl = Math.min(ttl, ttlOf(alias));
      current = alias.getTarget();
    }
    return new Reply.Failed("more than " + MOST_ALIASES + " aliases", 0);
  }

  private List<IpAddress> addresses() {
    List<IpAddress> found = new ArrayList<>();
    for (Record each : message.getSection(Section.ANSWER)) {
      if (isAbout(each, question.type()) && found.size() < MOST_ADDRESSES) {
        found.add(
            IpAddress.of(
                each instanceof ARecord four
                    ? four.getAddress()
                    : ((AAAARecord) each).getAddress()));
        ttl = Math.min(ttl, ttlOf(each));
      }
    }
    return found;
  }

  private CNAMERecord alias() {
    for (Record each : message.getSection(Section.ANSWER)) {
      if (isAbout(each, Type.CNAME)) {
        return (CNAMERecord) each;
      }
    }
    return null;
  }

  /** A record without data, as in a dynamic update, is not of its type's class. */
  private boolean isAbout(Record each, int type) {
    return each.getType() == type
        && each.getDClass() == DClass.IN
        && (each instanceof ARecord || each instanceof AAAARecord || each instanceof CNAMERecord)
        && each.getName().equals(current);
  }

  /** No address and no alias of the name that the aliases have led to. */
  private Reply end(int aliases) {
    boolean noSuchName = message.getHeader().getRcode() == Rcode.NXDOMAIN;
    SOARecord authority = authority();
    if (aliases > 0 && !noSuchName && authority == null) {
      // A server that did not follow the alias to its end (RFC 1034 §3.6.2).
      return new Reply.Alias(current, ttl);
    }
    // RFC 2308 §5: without an SOA the answer must not be kept.
    long negative = authority == null ? 0 : Math.min(authority.getMinimum(), ttlOf(authority));
    return new Reply.Nothing(noSuchName, Math.min(ttl, negative));
  }

  private SOARecord authority() {
    for (Record each : message.getSection(Section.AUTHORITY)) {
      if (each instanceof SOARecord found && current.subdomain(found.getName())) {
        return found;
      }
    }
    return null;
  }

  /** RFC 2181 §8: a TTL with the highest bit set counts as 0. */
  private static long ttlOf(Record each) {
    return each.getTTL() > MOST_TTL ? 0 : each.getTTL();
  }
}

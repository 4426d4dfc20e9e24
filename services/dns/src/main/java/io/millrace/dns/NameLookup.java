package io.millrace.dns;

import io.millrace.name.DestinationOrder;
import io.millrace.name.NameAnswer;
import java.io.IOException;
import java.net.UnknownHostException;
import java.util.List;
import org.xbill.DNS.Name;

/**
 * Somebody's wish for the addresses of one family of one host: the candidates that the search list
 * makes of its name, one after the other, and the aliases of each.
 */
final class NameLookup {
  /** Aliases that are asked for one after the other. */
  static final int MOST_ALIASES = 8;

  private final DnsResolver resolver;
  private final String host;
  private final List<Name> candidates;
  private final int version;
  private final NameAnswer answer;
  private int candidate;
  private int aliases;
  private String failure;
  private DnsQuery query;
  private boolean done;

  NameLookup(
      DnsResolver resolver, String host, List<Name> candidates, int version, NameAnswer answer) {
    this.resolver = resolver;
    this.host = host;
    this.candidates = candidates;
    this.version = version;
    this.answer = answer;
  }

  void start() {
    ask(candidates.get(0));
  }

  private void ask(Name name) {
    resolver.ask(Question.of(name, version), this);
  }

  /** Whose answer will come. */
  void waitsFor(DnsQuery open) {
    query = open;
  }

  /** The answer to what was asked last; may come from inside {@link DnsResolver#ask}. */
  void onReply(Reply reply) {
    if (done) {
      return;
    }
    query = null;
    switch (reply) {
      case Reply.Addresses(var list, var _) -> {
        finish();
        answer.onAddresses(version, DestinationOrder.sort(resolver.shard(), list));
      }
      case Reply.Alias(var target, var _) -> {
        if (++aliases > MOST_ALIASES) {
          failure = "more than " + MOST_ALIASES + " aliases";
          next();
        } else {
          ask(target);
        }
      }
      case Reply.Nothing _ -> next();
      case Reply.Failed(var why, var _) -> {
        failure = why;
        next();
      }
    }
  }

  private void next() {
    aliases = 0;
    candidate++;
    if (candidate < candidates.size()) {
      ask(candidates.get(candidate));
    } else {
      fail(
          failure == null
              ? new UnknownHostException(host + " has no IPv" + version + " address")
              : new IOException(host + " cannot be resolved: " + failure));
    }
  }

  void fail(IOException reason) {
    if (!done) {
      finish();
      answer.onFailure(version, reason);
    }
  }

  void cancel() {
    if (!done) {
      finish();
      if (query != null) {
        query.remove(this);
      }
    }
  }

  private void finish() {
    done = true;
    resolver.finished(this);
  }
}

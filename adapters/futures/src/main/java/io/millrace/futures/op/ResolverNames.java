package io.millrace.futures.op;

import io.millrace.futures.NameResolver;
import io.millrace.ip.IpAddress;
import io.millrace.name.NameAnswer;
import io.millrace.name.NameService;
import io.millrace.net.Shard;
import java.io.IOException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CompletionException;

/** A resolver that answers on threads of its own, as the shard's. */
final class ResolverNames implements NameService {
  private final Shard shard;
  private final NameResolver resolver;

  ResolverNames(Shard shard, NameResolver resolver) {
    this.shard = shard;
    this.resolver = resolver;
  }

  @Override
  public boolean isConfigured() {
    return true;
  }

  @Override
  public Lookup resolve(String host, Families families, NameAnswer answer) {
    Waiting waiting = new Waiting(host, families, answer);
    var _ =
        resolver
            .resolve(host)
            .whenComplete(
                (addresses, failure) ->
                    Calls.surely(shard, () -> waiting.tell(addresses, failure)));
    return waiting;
  }

  private static final class Waiting implements Lookup {
    private final String host;
    private final Families families;
    private NameAnswer answer;

    Waiting(String host, Families families, NameAnswer answer) {
      this.host = host;
      this.families = families;
      this.answer = answer;
    }

    @Override
    public void cancel() {
      answer = null;
    }

    void tell(List<IpAddress> addresses, Throwable failure) {
      for (int version = 6; version >= 4; version -= 2) {
        if (answer != null && families.has(version)) {
          tell(version, addresses, failure);
        }
      }
    }

    private void tell(int version, List<IpAddress> addresses, Throwable failure) {
      if (failure != null) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        answer.onFailure(version, cause instanceof IOException e ? e : new IOException(cause));
        return;
      }
      List<IpAddress> wanted =
          addresses.stream().filter(each -> each.isV4() == (version == 4)).toList();
      if (wanted.isEmpty()) {
        answer.onFailure(
            version, new UnknownHostException(host + " has no IPv" + version + " address"));
      } else {
        answer.onAddresses(version, wanted);
      }
    }
  }
}

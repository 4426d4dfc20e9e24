package io.millrace.apps;

import io.millrace.ip.IpAddress;
import io.millrace.name.NameAnswer;
import io.millrace.name.NameService;
import io.millrace.name.NameService.Families;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** From the name of a host to its address. */
final class Hosts {
  private Hosts() {}

  /** The address that {@code host} is as it stands, with a zone or not; null if it is a name. */
  static IpAddress literal(NetStack stack, String host) {
    if (!host.matches("[0-9.]+|[0-9a-fA-F:.]+:[0-9a-fA-F:.]*(%.*)?")) {
      return null;
    }
    try {
      return stack.address(host);
    } catch (IllegalArgumentException e) {
      throw new Failure(e.getMessage(), e);
    }
  }

  /** Whether the stack has somebody to ask for names. */
  static boolean canAsk(NetStack stack) {
    Shard shard = stack.shard(0);
    CompletableFuture<Boolean> answer = new CompletableFuture<>();
    shard.execute(() -> answer.complete(shard.names() != null && shard.names().isConfigured()));
    return answer.join();
  }

  /**
   * The address of a host: of those that the stack has a way to the first, IPv6 before IPv4. The
   * stack asks for it; if it has nobody to ask, the system does.
   *
   * @throws Failure if there is none
   */
  static IpAddress resolve(NetStack stack, String host, Families families)
      throws InterruptedException {
    IpAddress literal = literal(stack, host);
    if (literal != null) {
      if (!families.has(literal.isV4() ? 4 : 6)) {
        throw new Failure(host + " is not an " + families + " address");
      }
      return literal;
    }
    List<IpAddress> addresses =
        canAsk(stack) ? ask(stack, host, families) : ofSystem(host, families);
    Shard shard = stack.shard(0);
    CompletableFuture<IpAddress> best = new CompletableFuture<>();
    shard.execute(
        () ->
            best.complete(
                addresses.stream()
                    .filter(each -> shard.route(0, 0, each.hi(), each.lo()) != null)
                    .findFirst()
                    .orElse(addresses.getFirst())));
    return best.join();
  }

  private static List<IpAddress> ask(NetStack stack, String host, Families families)
      throws InterruptedException {
    Shard shard = stack.shard(0);
    Collected collected = new Collected(families);
    shard.execute(
        () -> {
          NameService.Lookup _ = NameService.of(shard).resolve(host, families, collected);
        });
    try {
      return collected.result.get();
    } catch (ExecutionException e) {
      throw new Failure(
          "no address of " + host + " is known: " + e.getCause().getMessage(), e.getCause());
    }
  }

  private static List<IpAddress> ofSystem(String host, Families families) {
    List<IpAddress> addresses = new ArrayList<>();
    try {
      for (InetAddress each : InetAddress.getAllByName(host)) {
        IpAddress address = IpAddress.of(each);
        if (families.has(address.isV4() ? 4 : 6)) {
          addresses.add(address);
        }
      }
    } catch (UnknownHostException e) {
      throw new Failure("there is no host with the name " + host, e);
    }
    if (addresses.isEmpty()) {
      throw new Failure(host + " has no " + families + " address");
    }
    return addresses;
  }

  /** The answers for all families, IPv6 first. */
  private static final class Collected implements NameAnswer {
    private final CompletableFuture<List<IpAddress>> result = new CompletableFuture<>();
    private final List<IpAddress> addresses = new ArrayList<>();
    private IOException failure;
    private int outstanding;

    Collected(Families families) {
      outstanding = families == Families.BOTH ? 2 : 1;
    }

    @Override
    public void onAddresses(int version, List<IpAddress> found) {
      addresses.addAll(version == 6 ? 0 : addresses.size(), found);
      answered();
    }

    @Override
    public void onFailure(int version, IOException reason) {
      failure = reason;
      answered();
    }

    private void answered() {
      outstanding--;
      if (outstanding > 0) {
        return;
      }
      if (addresses.isEmpty()) {
        result.completeExceptionally(failure);
      } else {
        result.complete(addresses);
      }
    }
  }
}

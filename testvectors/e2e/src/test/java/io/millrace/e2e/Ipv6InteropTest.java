package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ip.Ipv6Scope;
import io.millrace.ipv6.Ipv6Autoconf;
import io.millrace.ipv6.Ping;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.testkit.netns.NetworkNamespace;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Our IPv6 and the kernel's on one TAP device: neighbors found both ways, pings of all sizes, whole
 * and in fragments, over global and link-local addresses.
 */
@Order(11)
class Ipv6InteropTest {
  private static final int COUNT = 10;
  private static final String DEVICE = "mrip0";
  private static final String KERNEL = "2001:db8:99::1";
  private static final String STACK = "2001:db8:99::2";

  private static NetworkNamespace kernel;
  private static NetStack stack;

  @BeforeAll
  static void open() {
    Lab.assume("ping", "ip");
    kernel = NetworkNamespace.create("mrip");
    stack =
        NetStack.builder()
            .port("tap:%s,netns=%s".formatted(DEVICE, kernel.path()), STACK + "/64")
            .with(Ipv6Autoconf.defaults().withDadTransmits(0))
            .start();
    kernel.run("ip", "address", "add", KERNEL + "/64", "dev", DEVICE, "nodad");
    kernel.run("ip", "link", "set", DEVICE, "up");
    Await.until(
        "the kernel's link-local address is its own",
        () ->
            kernelLinkLocal() != null && !kernel.run("ip", "-6", "address").contains("tentative"));
  }

  @AfterAll
  static void close() {
    try {
      if (stack != null) {
        stack.close();
        assertThat(stack.count(Counter.EXCEPTIONS)).as("exceptions").isZero();
      }
    } finally {
      if (kernel != null) {
        kernel.close();
      }
    }
  }

  private static Shard shard() {
    return stack.shard(0);
  }

  private static String kernelLinkLocal() {
    for (String word : kernel.run("ip", "-6", "address", "show", "dev", DEVICE).split("\\s+")) {
      if (word.startsWith("fe80:")) {
        return word.substring(0, word.indexOf('/'));
      }
    }
    return null;
  }

  private static IpAddress ourLinkLocal() {
    CompletableFuture<IpAddress> found = new CompletableFuture<>();
    shard()
        .execute(
            () ->
                found.complete(
                    shard().ipv6().addresses().stream()
                        .map(each -> each.address())
                        .filter(each -> Ipv6Scope.isLinkLocal(each.hi()))
                        .findFirst()
                        .orElseThrow()));
    return Await.value("our link-local address", found);
  }

  private static void kernelPings(String address, int size) {
    // ping checks the bytes of the replies itself.
    String output =
        kernel.run(
            "ping",
            "-6",
            "-n",
            "-c",
            "" + COUNT,
            "-i",
            "0.01",
            "-W",
            "30",
            "-s",
            "" + size,
            address);
    assertThat(output).contains(COUNT + " received").doesNotContain("wrong data", "DUP!");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 56, 1452, 1453, 2953, 8000, 65_507})
  void the_kernel_pings_us(int size) {
    kernelPings(STACK, size);
  }

  @ParameterizedTest
  @ValueSource(ints = {56, 8000})
  void the_kernel_pings_our_link_local_address(int size) {
    kernelPings(ourLinkLocal().toInetAddress().getHostAddress() + "%" + DEVICE, size);
  }

  @Test
  void the_kernel_pings_all_nodes_and_hears_us() {
    String output = kernel.run("ping", "-6", "-n", "-c", "2", "-W", "30", "ff02::1%" + DEVICE);
    String ours = ourLinkLocal().toInetAddress().getHostAddress();
    assertThat(output).contains(shortened(ours));
  }

  /** The last group of an address, which is written the same in all its forms. */
  private static String shortened(String address) {
    return address.substring(address.lastIndexOf(':'));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 56, 1452, 1453, 2953, 8000, 65_507})
  void we_ping_the_kernel(int size) {
    assertThat(ping(IpAddress.parse(KERNEL), size)).isEqualTo(COUNT);
    if (size > 1452) {
      assertThat(shard().counters().get(Counter.IP_REASM_OKS)).isPositive();
      assertThat(shard().counters().get(Counter.IP_FRAG_OKS)).isPositive();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {56, 8000})
  void we_ping_the_kernels_link_local_address_on_a_port_by_name(int size) {
    IpAddress named = stack.address(kernelLinkLocal() + "%" + DEVICE);
    assertThat(named).isEqualTo(IpAddress.parse(kernelLinkLocal() + "%1"));
    assertThat(ping(named, size)).isEqualTo(COUNT);
  }

  private static int ping(IpAddress destination, int size) {
    Replies replies = new Replies(destination, size);
    shard().execute(replies::start);
    return Await.value("replies of " + size + " bytes", replies.done);
  }

  /** Sends a request, and the next one when its reply has come. */
  private static final class Replies implements Ping.Handler {
    private final CompletableFuture<Integer> done = new CompletableFuture<>();
    private final IpAddress destination;
    private final int size;
    private Ping ping;
    private int good;

    Replies(IpAddress destination, int size) {
      this.destination = destination;
      this.size = size;
    }

    void start() {
      ping = Ping.open(shard(), destination, this);
      var _ = done.whenComplete((result, failure) -> ping.close());
      send();
    }

    private void send() {
      ping.send(good, size, 64, false, shard().clock().now());
    }

    @Override
    public void onReply(IpAddress from, int sequence, int bytes, int hopLimit, long roundTrip) {
      if (!from.equals(destination) || bytes != size || hopLimit != 64 || sequence != good) {
        done.completeExceptionally(
            new AssertionError(
                "reply %d: %d bytes from %s, hop limit %d"
                    .formatted(sequence, bytes, from, hopLimit)));
      } else if (++good == COUNT) {
        done.complete(good);
      } else {
        send();
      }
    }

    @Override
    public void onError(IpAddress from, int sequence, IcmpError error) {
      done.completeExceptionally(new AssertionError(error + " from " + from));
    }
  }
}

package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ipv4.Ping;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Echo requests and replies, whole and in fragments, in both directions. */
@Order(10)
class PingInteropTest {
  private static final int COUNT = 10;
  private static Lab lab;

  @BeforeAll
  static void open() {
    Lab.assume("ping");
    lab = Lab.open();
  }

  @AfterAll
  static void close() {
    if (lab != null) {
      lab.close();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 56, 64, 1472, 1473, 2953, 8000, 65_507})
  void the_kernel_pings_us(int size) {
    // ping checks the bytes of the replies itself.
    String output =
        lab.run(
            "ping", "-n", "-c", "" + COUNT, "-i", "0.01", "-W", "30", "-s", "" + size, Lab.STACK);
    assertThat(output).contains(COUNT + " received").doesNotContain("wrong data", "DUP!");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 56, 64, 1472, 1473, 2953, 8000, 65_507})
  void we_ping_the_kernel(int size) {
    Replies replies = new Replies(size);
    lab.shard().execute(replies::start);
    assertThat(Await.value("replies of " + size + " bytes", replies.done)).isEqualTo(COUNT);
    if (size > 1472) {
      assertThat(lab.shard().counters().get(Counter.IP_REASM_OKS)).isPositive();
      assertThat(lab.shard().counters().get(Counter.IP_FRAG_OKS)).isPositive();
    }
  }

  /** Sends a request, and the next one when its reply has come. */
  private static final class Replies implements Ping.Handler {
    private final CompletableFuture<Integer> done = new CompletableFuture<>();
    private final int size;
    private Ping ping;
    private int good;

    Replies(int size) {
      this.size = size;
    }

    void start() {
      ping = Ping.open(lab.shard(), Lab.KERNEL_ADDRESS, this);
      var _ = done.whenComplete((result, failure) -> ping.close());
      send();
    }

    private void send() {
      ping.send(good, size, 64, false, lab.shard().clock().now());
    }

    @Override
    public void onReply(IpAddress from, int sequence, int bytes, int ttl, long roundTrip) {
      if (!from.equals(Lab.KERNEL_ADDRESS) || bytes != size || ttl != 64 || sequence != good) {
        done.completeExceptionally(
            new AssertionError(
                "reply %d: %d bytes from %s, TTL %d".formatted(sequence, bytes, from, ttl)));
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

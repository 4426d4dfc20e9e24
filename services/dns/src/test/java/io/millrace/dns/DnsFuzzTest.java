package io.millrace.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/** Servers that send rubbish. */
class DnsFuzzTest {
  /** No exception (the world watches for them), no hang, nothing left; whatever comes. */
  @Property(tries = 200, shrinking = ShrinkingMode.OFF)
  void everyLookupEndsWhateverTheServersSend(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    DnsConfig config =
        DnsConfig.defaults()
            .withServers(NameSystem.FIRST, NameSystem.SECOND)
            .withMixCase(random.nextBoolean())
            .withPatience(500, 2);
    try (NameSystem dns = new NameSystem(config)) {
      dns.first
          .has("www.example.org. CNAME w.example.org.", "w.example.org. A 192.0.2.1")
          .has("www.example.org. AAAA 2001:db8::1")
          .sending(wire -> List.of(damaged(wire, random), damaged(wire, random)));
      NameSystem.Outcome outcome =
          dns.ask("www.example.org", io.millrace.name.NameService.Families.BOTH);
      dns.world.run(Duration.ofSeconds(10));
      assertThat(outcome.addresses.isEmpty() && outcome.failures.isEmpty()).isFalse();
      dns.assertNothingLeft();
    }
  }

  private static byte[] damaged(byte[] wire, SplittableRandom random) {
    // The id stays, so that most of it is looked at.
    byte[] bad = java.util.Arrays.copyOf(wire, random.nextInt(3, wire.length + 20));
    for (int i = random.nextInt(6); i > 0; i--) {
      bad[random.nextInt(2, bad.length)] = (byte) random.nextInt();
    }
    return bad;
  }

  @Property(tries = 2_000)
  void noBytesBreakTheReader(@ForAll byte[] bytes) {
    org.xbill.DNS.Message message = DnsMessages.parse(bytes);
    if (message != null) {
      Question question = Question.of(DnsMessages.name("www.example.org."), 4);
      assertThat(ReplyReader.read(message, question)).isNotNull();
      DnsMessages.isAnswer(message, DnsMessages.query(0, question, true), true);
    }
  }
}

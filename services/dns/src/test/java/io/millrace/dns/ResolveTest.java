package io.millrace.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.name.NameService;
import io.millrace.testkit.World;
import java.io.IOException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Section;

/** A resolver and its servers, message by message. */
class ResolveTest {
  private NameSystem dns = new NameSystem();

  private void configure(DnsConfig config) {
    dns.close();
    dns = new NameSystem(config.withServers(NameSystem.FIRST, NameSystem.SECOND));
  }

  @AfterEach
  void close() {
    dns.assertNothingLeft();
    dns.close();
  }

  @Test
  void aNameHasAddressesOfBothFamilies() {
    dns.first.has("www.example.org. A 192.0.2.1").has("www.example.org. AAAA 2001:db8::1");

    NameSystem.Outcome outcome = dns.ask("www.example.org", NameService.Families.BOTH);
    dns.world.run(Duration.ofSeconds(1));

    assertThat(outcome.addresses)
        .containsExactlyInAnyOrder(IpAddress.parse("192.0.2.1"), IpAddress.parse("2001:db8::1"));
    assertThat(outcome.failures).isEmpty();
  }

  @Test
  void addressesComeInTheOrderInWhichToTryThem() {
    // Only one of them can be reached: the one on our own link.
    dns.first.has(
        "www.example.org. A 198.51.100.1",
        "www.example.org. A 10.0.0.9",
        "www.example.org. A 203.0.113.1");
    dns.assertReachableFirst("www.example.org", "10.0.0.9");
  }

  @Test
  void theOrderThatAServerChoseIsKeptAmongEquals() {
    List<String> all = List.of("203.0.113.9", "192.0.2.1", "198.51.100.7", "10.9.9.9");
    dns.close();
    dns = new NameSystem("10.0.0.254");
    dns.first.has(all.stream().map(each -> "www.example.org. A " + each).toArray(String[]::new));
    assertThat(dns.resolve("www.example.org").addresses)
        .containsExactlyElementsOf(all.stream().map(IpAddress::parse).toList());
  }

  @Test
  void aNameWithoutAddressesIsUnknown() {
    assertThat(dns.resolve("nothing.example.org").failures.get(0))
        .isInstanceOf(UnknownHostException.class)
        .hasMessage("nothing.example.org has no IPv4 address");
  }

  @Test
  void queriesAskForRecursionAndOfferEdns() {
    dns.first.has("www.example.org. A 192.0.2.1");
    dns.resolve("www.example.org");

    Message query = dns.first.asked.get(0);
    assertThat(query.getHeader().getFlag(Flags.RD)).isTrue();
    assertThat(query.getOPT().getPayloadSize()).isEqualTo(1232);
  }

  @Test
  void idsAndPortsDifferFromQueryToQuery() {
    for (int i = 0; i < 20; i++) {
      dns.resolve("n" + i + ".example.org");
    }
    assertThat(new HashSet<>(dns.first.ports)).hasSizeGreaterThan(15);
    assertThat(dns.first.asked.stream().map(each -> each.getHeader().getID()).distinct().count())
        .isGreaterThan(15);
  }

  // ---- what needs nobody ----

  @Test
  void literalsAndSpecialNamesAreAnsweredAtOnce() {
    assertThat(dns.ask("192.0.2.9").addresses).containsExactly(IpAddress.parse("192.0.2.9"));
    assertThat(dns.ask("localhost").addresses).containsExactly(IpAddress.parse("127.0.0.1"));
    assertThat(dns.ask("a.localhost.", NameService.Families.IPV6).addresses)
        .containsExactly(IpAddress.parse("::1"));
    assertThat(dns.ask("name.invalid").failures.get(0)).isInstanceOf(UnknownHostException.class);
    assertThat(dns.ask("10.1").failures.get(0)).isInstanceOf(UnknownHostException.class);
    assertThat(dns.first.asked).isEmpty();
  }

  @Test
  void whatIsNoHostNameIsUnknown() {
    for (String bad :
        List.of(
            "",
            ".",
            "a..b",
            "a b",
            "a\\b",
            "x".repeat(64),
            "x.".repeat(127) + "xx",
            "a/b",
            "-\0")) {
      assertThat(dns.ask(bad).failures).as(bad).hasSize(1);
      assertThat(dns.ask(bad).failures.get(0)).isInstanceOf(UnknownHostException.class);
    }
    assertThat(dns.first.asked).isEmpty();
  }

  @Test
  void internationalNamesAreAskedForInAscii() {
    dns.first.has("xn--bcher-kva.example. A 192.0.2.7");
    dns.assertAddress("Bücher.example", "192.0.2.7");
  }

  @Test
  void withoutServersTheMessageSaysWhatToDo() {
    try (World world = new World(1)) {
      NameSystem.Outcome outcome = new NameSystem.Outcome();
      NameService names = NameService.of(world.stack(world.link(), "10.0.0.1/24").shard(0));
      names.resolve("www.example.org", NameService.Families.IPV4, outcome);
      assertThat(names.isConfigured()).isFalse();
      assertThat(outcome.failures.get(0)).hasMessageContaining("DnsConfig.withServers");
    }
  }

  @Test
  void serversThatTheNetworkTellsOfAreAsked() {
    configure(DnsConfig.defaults());
    dns.close();
    dns = new NameSystem(DnsConfig.defaults());
    dns.shard()
        .nameServers()
        .put("lease", List.of(IpAddress.parse(NameSystem.SECOND)), List.of("example.org"));
    dns.second.has("www.example.org. A 192.0.2.1");

    dns.assertAddress("www", "192.0.2.1");
  }

  // ---- aliases ----

  @Test
  void aliasesAreFollowedInsideAnAnswer() {
    dns.first.has(
        "a.example.org. CNAME b.example.net.",
        "c.example.net. A 192.0.2.66",
        "b.example.net. A 192.0.2.1");
    dns.assertAddress("a.example.org", "192.0.2.1");
    assertThat(dns.first.asked).hasSize(1);
  }

  @Test
  void aliasesAreFollowedFromAnswerToAnswer() {
    dns.first
        .has("a.example.org. CNAME b.example.org.")
        .has("b.example.org. CNAME c.example.org.")
        .has("c.example.org. A 192.0.2.1");
    dns.assertAddress("a.example.org", "192.0.2.1");
    dns.assertAddress("a.example.org", "192.0.2.1");
    assertThat(dns.first.asked).hasSize(3);
  }

  @Test
  void aliasesInACircleEnd() {
    dns.first.has("a.example.org. CNAME b.example.org.").has("b.example.org. CNAME a.example.org.");
    assertThat(dns.resolve("a.example.org").failures.get(0))
        .hasMessageContaining("more than 8 aliases");

    dns.first.has("x.example.org. CNAME y.example.org.", "y.example.org. CNAME x.example.org.");
    assertThat(dns.resolve("x.example.org").failures.get(0)).hasMessageContaining("aliases");
  }

  // ---- the search list ----

  @Test
  void shortNamesAreSearchedForFirst() {
    configure(DnsConfig.defaults().withSearch("one.example", "two.example"));
    dns.first.has("host.two.example. A 192.0.2.1").has("host. A 192.0.2.2");

    dns.assertAddress("host", "192.0.2.1");
    dns.assertAddress("host.", "192.0.2.2");
  }

  @Test
  void namesWithEnoughDotsAreTriedAsTheyAreFirst() {
    configure(DnsConfig.defaults().withSearch("one.example").withNdots(2));
    dns.first.has("a.b.c. A 192.0.2.1").has("a.b.c.one.example. A 192.0.2.2");
    dns.first.has("a.b. A 192.0.2.3").has("a.b.one.example. A 192.0.2.4");

    dns.assertAddress("a.b.c", "192.0.2.1");
    dns.assertAddress("a.b", "192.0.2.4");
  }

  // ---- the cache ----

  @Test
  void anAnswerIsKeptForItsTtl() {
    dns.first.has("www.example.org. 60 A 192.0.2.1");
    dns.assertAddress("www.example.org", "192.0.2.1");
    dns.world.run(Duration.ofSeconds(59));
    dns.assertAddress("WWW.example.org", "192.0.2.1");
    assertThat(dns.first.asked).hasSize(1);
    assertThat(dns.count(Counter.DNS_CACHE_HITS)).isEqualTo(1);

    dns.world.run(Duration.ofSeconds(2));
    dns.assertAddress("www.example.org", "192.0.2.1");
    assertThat(dns.first.asked).hasSize(2);
  }

  @Test
  void aTtlOfZeroIsNotKept() {
    dns.first.has("www.example.org. 0 A 192.0.2.1");
    dns.assertAddress("www.example.org", "192.0.2.1");
    dns.assertAddress("www.example.org", "192.0.2.1");
    assertThat(dns.first.asked).hasSize(2);
  }

  @Test
  void thatThereIsNothingIsKeptForTheMinimumOfTheZone() {
    dns.resolve("no.example.org");
    dns.world.run(Duration.ofSeconds(50));
    dns.resolve("no.example.org");
    assertThat(dns.first.asked).hasSize(1);

    dns.world.run(Duration.ofSeconds(10));
    dns.resolve("no.example.org");
    assertThat(dns.first.asked).hasSize(2);
  }

  @Test
  void whatIsNewPushesOutWhatHasNotBeenAskedForTheLongest() {
    configure(DnsConfig.defaults().withCacheEntries(2));
    for (String name : List.of("a", "b", "a", "c", "a", "b")) {
      dns.resolve(name + ".example.org");
    }
    assertThat(dns.first.asked).hasSize(4);
  }

  @Test
  void equalQuestionsAreAskedOnce() {
    dns.first.has("www.example.org. A 192.0.2.1");
    List<NameSystem.Outcome> outcomes =
        List.of(dns.ask("www.example.org"), dns.ask("www.example.org"), dns.ask("www.Example.org"));
    dns.world.run(Duration.ofSeconds(1));

    assertThat(outcomes).allSatisfy(each -> assertThat(each.addresses).hasSize(1));
    assertThat(dns.first.asked).hasSize(1);
  }

  // ---- servers in trouble ----

  @Test
  void aSilentServerIsPassedOver() {
    dns.first.silent();
    dns.second.has("www.example.org. A 192.0.2.1").has("ftp.example.org. A 192.0.2.2");
    dns.assertAddress("www.example.org", "192.0.2.1");
    assertThat(dns.count(Counter.DNS_TIMEOUTS)).isEqualTo(1);

    // And the one that answered is asked first from now on.
    dns.assertAddress("ftp.example.org", "192.0.2.2");
    assertThat(dns.first.asked).hasSize(1);
  }

  @Test
  void whereNobodyAnswersTheLookupFailsInTheEnd() {
    dns.first.silent();
    dns.second.silent();
    long start = dns.world.now();
    NameSystem.Outcome outcome = dns.resolve("www.example.org");

    assertThat(outcome.failures.get(0))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(UnknownHostException.class)
        .hasMessage("www.example.org cannot be resolved: no DNS server answers");
    // Two servers for 2, 4 and 8 seconds.
    assertThat(Duration.ofNanos(dns.world.now() - start)).hasSeconds(28);
    assertThat(dns.first.asked).hasSize(3);
  }

  @Test
  void aServerThatCannotSayIsPassedOver() {
    for (int rcode : List.of(Rcode.SERVFAIL, Rcode.REFUSED)) {
      configure(DnsConfig.defaults());
      dns.first.changing(
          answer -> {
            answer.getHeader().setRcode(rcode);
            return answer;
          });
      dns.second.has("www.example.org. A 192.0.2.1");
      dns.assertAddress("www.example.org", "192.0.2.1");
      assertThat(dns.count(Counter.DNS_TIMEOUTS)).isZero();
    }
  }

  @Test
  void aServerThatIsNotThereIsPassedOver() {
    configure(DnsConfig.defaults().withPort(5353)); // nobody listens there: ICMP says so
    assertThat(dns.resolve("www.example.org").failures).hasSize(1);
    assertThat(dns.count(Counter.DNS_TIMEOUTS)).isZero();
  }

  @Test
  void aServerThatDoesNotKnowEdnsIsAskedWithout() {
    dns.first
        .has("www.example.org. A 192.0.2.1")
        .changing(
            answer -> {
              if (dns.first.asked.getLast().getOPT() != null) {
                answer.removeAllRecords(Section.QUESTION);
                answer.getHeader().setRcode(Rcode.FORMERR);
              }
              return answer;
            });
    dns.assertAddress("www.example.org", "192.0.2.1");
    assertThat(dns.first.asked).hasSize(2);
    assertThat(dns.second.asked).isEmpty();
  }

  @Test
  void anAnswerThatWasCutShortIsFetchedOverTcp() {
    dns.first
        .has("www.example.org. A 192.0.2.1")
        .changing(
            answer -> {
              answer.getHeader().setFlag(Flags.TC);
              return answer;
            });
    dns.assertAddress("www.example.org", "192.0.2.1");
    assertThat(dns.first.askedOverTcp).isEqualTo(1);
    assertThat(dns.count(Counter.DNS_TRUNCATED)).isEqualTo(1);
  }

  @Test
  void aLongAnswerComesOverTcpWhole() {
    StringBuilder[] lines = new StringBuilder[60];
    for (int i = 0; i < lines.length; i++) {
      lines[i] = new StringBuilder("www.example.org. A 192.0.2." + (i + 1));
    }
    dns.first.has(java.util.Arrays.stream(lines).map(Object::toString).toArray(String[]::new));
    dns.first.changing(
        answer -> {
          answer.getHeader().setFlag(Flags.TC);
          return answer;
        });
    assertThat(dns.resolve("www.example.org").addresses).hasSize(60);
  }

  // ---- who pretends ----

  @Test
  void whatDoesNotMatchTheQueryIsNotBelieved() {
    dns.first
        .has("www.example.org. A 192.0.2.1")
        .sending(
            wire -> {
              byte[] otherId = wire.clone();
              otherId[0] ^= 1;
              byte[] otherName = wire.clone();
              otherName[13] ^= 1;
              byte[] aQuery = wire.clone();
              aQuery[2] ^= (byte) 0x80;
              byte[] cut = java.util.Arrays.copyOf(wire, wire.length - 3);
              return List.of(otherId, otherName, aQuery, cut, new byte[0], wire);
            });
    dns.assertAddress("www.example.org", "192.0.2.1");
    assertThat(dns.dropped(DropReason.DNS_UNEXPECTED)).isEqualTo(3);
    assertThat(dns.dropped(DropReason.DNS_MALFORMED)).isEqualTo(2);
    assertThat(dns.first.asked).hasSize(1);
  }

  @Test
  void namesThatNobodyAskedForAreNotKept() {
    dns.first
        .has("www.example.org. A 192.0.2.1")
        .has("bank.example. A 192.0.2.2")
        .changing(
            answer -> {
              answer.addRecord(TestServer.record("bank.example. A 192.0.2.66"), Section.ANSWER);
              answer.addRecord(TestServer.record("bank.example. A 192.0.2.66"), Section.ADDITIONAL);
              return answer;
            });
    dns.assertAddress("www.example.org", "192.0.2.1");
    dns.first.changing(answer -> answer);
    dns.assertAddress("bank.example", "192.0.2.2");
  }

  @Test
  void withMixedCaseTheNameMustComeBackLetterForLetter() {
    configure(DnsConfig.defaults().withMixCase(true));
    dns.first.has("a-rather-long-name.example.org. A 192.0.2.1");
    dns.assertAddress("a-rather-long-name.example.org", "192.0.2.1");
    String asked = dns.first.asked.get(0).getQuestion().getName().toString();
    assertThat(asked)
        .isEqualToIgnoringCase("a-rather-long-name.example.org.")
        .isNotEqualTo("a-rather-long-name.example.org.");

    dns.first
        .has("another-long-name.example.org. A 192.0.2.2")
        .sending(
            wire -> {
              byte[] lower = wire.clone();
              for (int i = 12; i < 40; i++) {
                lower[i] = (byte) Character.toLowerCase(lower[i]);
              }
              return List.of(lower, wire);
            });
    dns.assertAddress("another-long-name.example.org", "192.0.2.2");
    assertThat(dns.dropped(DropReason.DNS_UNEXPECTED)).isEqualTo(1);
  }

  // ---- limits and ends ----

  @Test
  void moreQuestionsThanAllowedFailAtOnce() {
    configure(DnsConfig.defaults().withLimits(2, 3));
    dns.first.silent();
    dns.second.silent();
    NameSystem.Outcome one = dns.ask("a.example.org");
    NameSystem.Outcome two = dns.ask("b.example.org");
    assertThat(dns.ask("c.example.org").failures.get(0)).hasMessageContaining("too many questions");
    NameSystem.Outcome three = dns.ask("a.example.org");
    assertThat(dns.ask("a.example.org").failures.get(0)).hasMessageContaining("maxLookups");
    assertThat(one.isDone() || two.isDone() || three.isDone()).isFalse();
  }

  @Test
  void whatIsGivenUpIsNotAnswered() {
    dns.first.has("www.example.org. A 192.0.2.1");
    NameSystem.Outcome one = dns.ask("www.example.org");
    NameSystem.Outcome other = dns.ask("www.example.org");
    one.lookup.cancel();
    one.lookup.cancel();
    dns.await(other);
    assertThat(one.isDone()).isFalse();

    NameSystem.Outcome alone = dns.ask("ftp.example.org");
    alone.lookup.cancel();
    assertThat(((DnsResolver) dns.shard().names()).openQueries()).isZero();
  }

  @Test
  void whoWaitsLearnsThatTheStackIsClosed() {
    NameSystem.Outcome outcome = dns.ask("www.example.org");
    dns.client.close();
    assertThat(outcome.failures.get(0)).hasMessageContaining("the stack is closed");
    dns.close();
    dns = new NameSystem();
  }
}

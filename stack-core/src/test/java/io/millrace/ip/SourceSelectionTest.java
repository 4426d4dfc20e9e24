package io.millrace.ip;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.ip.SourceSelection.Candidate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 6724: the examples of §10.1 and §10.2, and the rules they leave out. */
class SourceSelectionTest {
  private final SourceSelection selection = new SourceSelection(AddressPolicy.defaults());

  /** {@code address[!deprecated][~temporary][-other interface]}. */
  private static Candidate candidate(String text) {
    String address = text.replaceAll("[!~-]", "");
    IpAddress parsed = IpAddress.parse(address);
    return new Candidate(
        parsed,
        parsed.isV4() ? 128 : 64,
        text.contains("!"),
        text.contains("~"),
        !text.contains("-"));
  }

  private static List<Candidate> candidates(String text) {
    List<Candidate> all = new ArrayList<>();
    for (String each : text.split(" ")) {
      all.add(candidate(each));
    }
    return all;
  }

  @ParameterizedTest
  @CsvSource({
    // §10.1
    "2001:db8:1::1, 2001:db8:3::1 fe80::1, 2001:db8:3::1",
    "ff05::1, 2001:db8:3::1 fe80::1, 2001:db8:3::1",
    "2001:db8:1::1, 2001:db8:1::1! 2001:db8:2::1, 2001:db8:1::1",
    "fe80::1, fe80::2! 2001:db8:1::1, fe80::2",
    "2001:db8:1::1, 2001:db8:1::2 2001:db8:3::2, 2001:db8:1::2",
    "2001:db8:1::d5e3, 2001:db8:1::2 2001:db8:1:0:d5e3:7953:13eb:22e8~, "
        + "2001:db8:1:0:d5e3:7953:13eb:22e8",
    "2002:c633:6401::1, 2002:c633:6401::d5e3 2001:db8:1::2, 2002:c633:6401::d5e3",
    // Rule 3 in one scope; rule 5; no wide scope from a narrow one; label before temporary.
    "2001:db8:1::1, 2001:db8:1::2! 2001:db8:9::1, 2001:db8:9::1",
    "2001:db8:1::1, 2001:db8:1::2- 2001:db8:9::1, 2001:db8:9::1",
    "2001:db8::1, fe80::1, fe80::1",
    "fd00::1, 2001:db8::1~ fd00:1::1, fd00:1::1"
  })
  void theBestSourceIsFoundInWhateverOrderTheyStand(
      String destination, String sources, String chosen) {
    List<Candidate> all = candidates(sources);
    IpAddress to = IpAddress.parse(destination);
    assertThat(selection.select(all, to).address()).isEqualTo(IpAddress.parse(chosen));
    Collections.reverse(all);
    assertThat(selection.select(all, to).address()).isEqualTo(IpAddress.parse(chosen));
  }

  @Test
  void noneOfNoneAndTheFirstOfEquals() {
    IpAddress to = IpAddress.parse("2001:db8:9::1");
    assertThat(selection.select(List.of(), to)).isNull();
    List<Candidate> equal = candidates("2001:db8:1::1 2001:db8:1::2");
    assertThat(selection.select(equal, to)).isSameAs(equal.get(0));
  }

  @ParameterizedTest
  @CsvSource({
    // §10.2: destinations, sources, order.
    "2001:db8:1::1 198.51.100.121, 2001:db8:1::2 fe80::1 169.254.13.78, "
        + "2001:db8:1::1 198.51.100.121",
    "2001:db8:1::1 198.51.100.121, fe80::1 198.51.100.117, 198.51.100.121 2001:db8:1::1",
    "2001:db8:1::1 10.1.2.3, 2001:db8:1::2 fe80::1 10.1.2.4, 2001:db8:1::1 10.1.2.3",
    "2001:db8:1::1 fe80::1, 2001:db8:1::2 fe80::2, fe80::1 2001:db8:1::1",
    "2001:db8:1::1 2001:db8:3ffe::1, 2001:db8:1::2 2001:db8:3f44::2 fe80::2, "
        + "2001:db8:1::1 2001:db8:3ffe::1",
    "2002:c633:6401::1 2001:db8:1::1, 2002:c633:6401::2 fe80::2, 2002:c633:6401::1 2001:db8:1::1",
    "2002:c633:6401::1 2001:db8:1::1, 2002:c633:6401::2 2001:db8:1::2 fe80::2, "
        + "2001:db8:1::1 2002:c633:6401::1",
    // Rule 3, and rule 1: nothing of IPv4 to send from.
    "2001:db8:1::1 2001:db8:2::1, 2001:db8:1::2!, 2001:db8:1::1 2001:db8:2::1",
    "198.51.100.121 2001:db8:1::1, fe80::2, 2001:db8:1::1 198.51.100.121"
  })
  void destinationsAreTriedInTheBestOrder(String destinations, String sources, String order) {
    List<IpAddress> all = addresses(destinations);
    assertThat(sort(all, candidates(sources))).isEqualTo(addresses(order));
    Collections.reverse(all);
    assertThat(sort(all, candidates(sources))).isEqualTo(addresses(order));
  }

  private List<IpAddress> sort(List<IpAddress> destinations, List<Candidate> sources) {
    return selection.sort(
        destinations,
        to ->
            selection.select(
                sources.stream().filter(each -> each.address().isV4() == to.isV4()).toList(), to));
  }

  private static List<IpAddress> addresses(String text) {
    List<IpAddress> all = new ArrayList<>();
    for (String each : text.split(" ")) {
      all.add(IpAddress.parse(each));
    }
    return all;
  }

  @Test
  void anotherTablePrefersIpv4() {
    // §10.3.
    SourceSelection other =
        new SourceSelection(
            new AddressPolicy(
                List.of(
                    AddressPolicy.entry("::/0", 40, 1),
                    AddressPolicy.entry("::ffff:0:0/96", 100, 4))));
    List<Candidate> sources = candidates("2001:db8:1::2 10.1.2.4");
    List<IpAddress> sorted =
        other.sort(
            addresses("2001:db8:1::1 10.1.2.3"), to -> to.isV4() ? sources.get(1) : sources.get(0));
    assertThat(sorted).isEqualTo(addresses("10.1.2.3 2001:db8:1::1"));
  }

  @Property
  void theOrderOfDestinationsIsOne(@ForAll long seed, @ForAll @IntRange(max = 12) int count) {
    Random random = new Random(seed);
    String[] some = {
      "2001:db8:1::", "2001:db8:2::", "fe80::", "2002:c633:6401::", "fd00::", "10.0.0.", "fec0::"
    };
    List<IpAddress> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(IpAddress.parse(some[random.nextInt(some.length)] + (1 + random.nextInt(99))));
    }
    List<Candidate> sources =
        candidates("2001:db8:1::2 fe80::2 2002:c633:6401::7! 10.0.0.2 fd01::1");
    List<IpAddress> sorted = sort(all, sources);
    assertThat(sorted).containsExactlyInAnyOrderElementsOf(all);
    assertThat(sort(sorted, sources)).isEqualTo(sorted);
  }
}

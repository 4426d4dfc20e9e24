package io.millrace.ip;

import static io.millrace.ip.SourceFilter.EVERYTHING;
import static io.millrace.ip.SourceFilter.NOTHING;
import static io.millrace.ip.SourceFilter.exclude;
import static io.millrace.ip.SourceFilter.include;
import static io.millrace.ip.SourceFilter.merge;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A source filter (RFC 3376 §2, §3.2)")
class SourceFilterTest {
  private static final IpAddress A = address(1);
  private static final IpAddress B = address(2);
  private static final IpAddress C = address(3);

  private static IpAddress address(int number) {
    // Both families, so that both halves are compared.
    return number % 2 == 0
        ? IpAddress.v4(0x0a00_0000 + number)
        : new IpAddress(0x2001_0db8L << 32 | number, -number);
  }

  private static boolean admits(SourceFilter filter, IpAddress source) {
    return filter.admits(source.hi(), source.lo());
  }

  @Test
  void includeAdmitsItsListAndNobodyElse() {
    assertThat(admits(include(A, B), A)).isTrue();
    assertThat(admits(include(A, B), C)).isFalse();
    assertThat(admits(NOTHING, A)).isFalse();
  }

  @Test
  void excludeAdmitsAllButItsList() {
    assertThat(admits(exclude(A, B), A)).isFalse();
    assertThat(admits(exclude(A, B), C)).isTrue();
    assertThat(admits(EVERYTHING, A)).isTrue();
  }

  @Test
  void orderAndDoublesDoNotMatter() {
    assertThat(include(A, B, A)).isEqualTo(include(B, A)).hasSameHashCodeAs(include(B, A));
    assertThat(include(A)).isNotEqualTo(exclude(A));
  }

  @Test
  void sourcesAreAddedToAndTakenFromTheList() {
    assertThat(include(A).plus(B)).isEqualTo(include(A, B));
    assertThat(exclude(A, B).minus(B)).isEqualTo(exclude(A));
    assertThat(include(A).minus(A).isNothing()).isTrue();
    assertThat(exclude(A).minus(A)).isSameAs(EVERYTHING);
  }

  @Test
  @DisplayName("the example of §3.2: EXCLUDE lists meet, less what somebody includes")
  void mergesTheExample() {
    IpAddress d = address(4);
    IpAddress e = address(5);
    IpAddress f = address(6);
    assertThat(merge(List.of(exclude(A, B, C, d), exclude(B, C, d, e), include(d, e, f))))
        .isEqualTo(exclude(B, C));
  }

  @Test
  void mergesIncludeListsToTheirUnion() {
    assertThat(merge(List.of(include(A), include(B, A)))).isEqualTo(include(A, B));
    assertThat(merge(List.of())).isSameAs(NOTHING);
  }

  @Property
  void aMergedFilterAdmitsWhatAnyOfItsPartsAdmits(@ForAll("filters") List<SourceFilter> parts) {
    SourceFilter merged = merge(parts);
    for (int i = 0; i < 12; i++) {
      IpAddress source = address(i);
      boolean wanted = parts.stream().anyMatch(each -> admits(each, source));
      assertThat(admits(merged, source)).as("%s of %s", source, parts).isEqualTo(wanted);
    }
  }

  @Provide
  Arbitrary<List<SourceFilter>> filters() {
    Arbitrary<Set<Integer>> numbers = Arbitraries.integers().between(0, 10).set().ofMaxSize(8);
    return Combinators.combine(Arbitraries.of(true, false), numbers)
        .as(SourceFilterTest::filter)
        .list()
        .ofMaxSize(5);
  }

  private static SourceFilter filter(boolean include, Set<Integer> numbers) {
    List<IpAddress> sources = new ArrayList<>();
    numbers.forEach(each -> sources.add(address(each)));
    return include ? include(sources) : exclude(sources);
  }
}

package io.millrace.ip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Checksum;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** RFC 4007, RFC 4291 §2.5.6. */
class Ipv6ScopeTest {
  @Property
  void aZoneChangesNoChecksum(
      @ForAll @IntRange(max = 0xfffe) int index,
      @ForAll long ours,
      @ForAll long theirs,
      @ForAll @IntRange(max = 255) int protocol) {
    long wire = Ipv6Scope.LINK_LOCAL;
    long inside = Ipv6Scope.onLink(wire, index);
    int onWire = Checksum.fold(Checksum.pseudoHeader(wire, ours, wire, theirs, protocol));
    int within = Checksum.fold(Checksum.pseudoHeader(inside, ours, inside, theirs, protocol));
    assertThat(within).isEqualTo(onWire);
    assertThat(Ipv6Scope.onWire(inside)).isEqualTo(wire);
    assertThat(Ipv6Scope.zone(inside)).isEqualTo(index + 1);
    assertThat(Ipv6Scope.isWireForm(inside)).isFalse();
  }

  @Test
  void onlyLinkLocalAddressesHaveAZone() {
    long global = IpAddress.parse("2001:db8::1").hi();
    assertThat(Ipv6Scope.onLink(global, 3)).isEqualTo(global);
    assertThat(Ipv6Scope.zone(global)).isZero();
    assertThat(Ipv6Scope.isWireForm(global)).isTrue();
    assertThat(Ipv6Scope.zone(IpAddress.parse("fe80::1").hi())).isZero();
    assertThat(Ipv6Scope.onLink(IpAddress.parse("ff02::1").hi(), 3) >>> 48).isEqualTo(0xff02);
    assertThatThrownBy(() -> IpAddress.parse("2001:db8::1%1")).hasMessageContaining("link-local");
    assertThatThrownBy(() -> IpAddress.parse("fe80::1%0")).hasMessageContaining("from 1");
    assertThatThrownBy(() -> IpAddress.parse("fe80::1%eth0")).hasMessageContaining("number");
  }

  @Test
  void whatIsWrittenCanBeReadAgain() {
    IpAddress zoned = IpAddress.parse("fe80::1%2");
    assertThat(zoned).hasToString("fe80:0:0:0:0:0:0:1%2");
    assertThat(IpAddress.parse(zoned.toString())).isEqualTo(zoned);
    assertThat(zoned.toInetAddress().getHostAddress()).isEqualTo("fe80:0:0:0:0:0:0:1");
  }

  @Property
  void everyAddressIsReadAsItWasWritten(@ForAll long hi, @ForAll long lo, @ForAll long mask) {
    long some = hi & mask;
    if (!Ipv6Scope.isLinkLocal(some)) {
      assertThat(IpAddress.parse(new IpAddress(some, lo & mask).toString()))
          .isEqualTo(new IpAddress(some, lo & mask));
    }
  }
}

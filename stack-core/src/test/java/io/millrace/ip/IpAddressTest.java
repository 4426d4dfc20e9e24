package io.millrace.ip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Addresses and prefixes from text and back, and what is said of text that is none. */
class IpAddressTest {
  @Property
  void everyIpv4AddressSurvivesTheWayThroughText(@ForAll int bits) {
    IpAddress address = IpAddress.v4(bits);
    assertThat(address.isV4()).isTrue();
    assertThat(address.v4Bits()).isEqualTo(bits);
    assertThat(address.hi()).isZero();
    assertThat(address.lo()).isEqualTo(IpAddress.v4Lo(bits));
    assertThat(address.lo() >>> 32).isEqualTo(0xffff);
    assertThat(IpAddress.parse(address.toString())).isEqualTo(address);
    assertThat(IpAddress.of(address.toInetAddress())).isEqualTo(address);
    assertThat(address.toString())
        .isEqualTo(
            "%d.%d.%d.%d"
                .formatted(bits >>> 24, bits >>> 16 & 0xff, bits >>> 8 & 0xff, bits & 0xff));
  }

  @Property
  void everyIpv6AddressSurvivesTheWayThroughText(@ForAll long hi, @ForAll long lo) {
    IpAddress address = new IpAddress(hi, lo);
    assertThat(IpAddress.parse(address.toString())).isEqualTo(address);
    IpAddress unzoned = new IpAddress(Ipv6Scope.onWire(hi), lo);
    assertThat(IpAddress.of(address.toInetAddress())).isEqualTo(unzoned);
    assertThat(address.isV4()).isEqualTo(hi == 0 && lo >>> 32 == 0xffff);
  }

  @Test
  void readsWhatPeopleWrite() {
    assertThat(IpAddress.parse("192.0.2.1")).isEqualTo(IpAddress.v4(0xc000_0201));
    assertThat(IpAddress.parse("2001:db8::1")).isEqualTo(new IpAddress(0x2001_0db8L << 32, 1));
    assertThat(IpAddress.parse("::")).isEqualTo(new IpAddress(0, 0));
    assertThat(IpAddress.parse("::ffff:10.0.0.1"))
        .as("a v4-mapped address is the IPv4 address")
        .isEqualTo(IpAddress.v4(0x0a00_0001));
    assertThat(IpAddress.ANY_V4.toString()).isEqualTo("0.0.0.0");
    assertThat(IpAddress.of(InetAddress.ofLiteral("127.0.0.1")))
        .isEqualTo(IpAddress.v4(0x7f00_0001));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "10",
        "10.1",
        "10.1.2",
        "256.0.0.1",
        "1.2.3.4.5",
        "1.2.3.",
        ".1.2.3",
        "1..2.3",
        "a.b.c.d",
        "-1.0.0.0",
        "1.2.3.4 ",
        "1.2.3.4/24",
        "localhost",
        "example.com",
        ":",
        ":::",
        "1::2::3",
        "12345::",
        "1:2:3:4:5:6:7:8:9",
        "::g",
        "1.2.3.4:80",
        "0x7f.0.0.1"
      })
  void refusesWhatIsNone(String text) {
    assertThatThrownBy(() -> IpAddress.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("'" + text + "' is not an IP address");
  }

  @Property
  void garbageIsRefusedOrIsAnAddressButNothingElse(@ForAll @StringLength(max = 40) String text) {
    try {
      IpAddress address = IpAddress.parse(text);
      assertThat(IpAddress.parse(address.toString())).isEqualTo(address);
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageEndingWith("is not an IP address");
    }
  }

  @Property
  void prefixesSurviveTheWayThroughText(
      @ForAll int bits, @ForAll @IntRange(min = 0, max = 32) int length) {
    IpPrefix prefix = new IpPrefix(IpAddress.v4(bits), length);
    assertThat(IpPrefix.parse(prefix.toString())).isEqualTo(prefix);
    assertThat(Integer.bitCount(prefix.v4Mask())).isEqualTo(length);
    assertThat(Integer.numberOfLeadingZeros(~prefix.v4Mask())).isEqualTo(length);
  }

  @ParameterizedTest
  @CsvSource({"2001:db8::/0", "2001:db8::1/128", "::/0"})
  void ipv6PrefixesAreUpTo128(String text) {
    assertThat(IpPrefix.parse(text).address().isV4()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.2, has no prefix length",
    "10.0.0.2/, has no number",
    "10.0.0.2/x, has no number",
    "10.0.0.2/24/8, has no number",
    "10.0.0.2/33, /33 is not a prefix length from 0 to 32",
    "10.0.0.2/-1, /-1 is not a prefix length",
    "::1/129, /129 is not a prefix length from 0 to 128",
    "x/24, 'x' is not an IP address",
    "/24, '' is not an IP address",
    "10.0.0.2/99999999999, has no number"
  })
  void saysWhatIsWrongWithAPrefix(String text, String said) {
    assertThatThrownBy(() -> IpPrefix.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(said);
  }
}

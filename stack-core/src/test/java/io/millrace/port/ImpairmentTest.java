package io.millrace.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.port.Impairment.Ways;
import io.millrace.spi.PortException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The decorators' options: what they mean, and what is said of a mistake. */
class ImpairmentTest {
  private static Map<String, String> options(String text) {
    Map<String, String> options = new LinkedHashMap<>();
    for (String part : text.split(",", -1)) {
      int equals = part.indexOf('=');
      options.put(
          equals < 0 ? part : part.substring(0, equals),
          equals < 0 ? "on" : part.substring(equals + 1));
    }
    return options;
  }

  @Test
  void everyOptionHasItsField() {
    assertThat(
            Impairment.parse(
                options(
                    "loss=2%,duplicate=1%,reorder=0.5%,reorder-gap=7,corrupt=0.1%,delay=5ms,"
                        + "jitter=1.5ms,rate=100mbit,queue=50,narrow=1280,seed=-3,impair=in")))
        .isEqualTo(
            new Impairment(
                0.02,
                0.01,
                0.005,
                7,
                0.001,
                5_000_000,
                1_500_000,
                100_000_000,
                50,
                1_280,
                -3,
                Ways.IN));
    assertThat(Impairment.parse(Map.of())).isEqualTo(Impairment.NONE);
    assertThat(Impairment.NONE.impairs()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "1ns, 1",
    "1.5us, 1500",
    "0.0000005s, 500",
    "3600s, 3600000000000",
    "0ms, 0",
    "0.4ns, 0"
  })
  void timesHaveAUnit(String text, long nanos) {
    assertThat(Impairment.parse(Map.of("delay", text)).delay()).isEqualTo(nanos);
  }

  @ParameterizedTest
  @CsvSource({
    "1bit, 1",
    "64kbit, 64000",
    "2.5mbit, 2500000",
    "1000gbit, 1000000000000",
    "1gbit, 1000000000"
  })
  void ratesHaveAUnit(String text, long bits) {
    assertThat(Impairment.parse(Map.of("rate", text)).rate()).isEqualTo(bits);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "loss=2",
        "loss=101%",
        "loss=-1%",
        "loss=%",
        "loss=x%",
        "loss",
        "loss=",
        "loss=NaN%",
        "loss=1e1%",
        "delay=5",
        "delay=5h",
        "delay=3601s",
        "delay=-1ms",
        "delay=ms",
        "delay=9999999999999ms",
        "rate=100",
        "rate=0bit",
        "rate=0.5bit",
        "rate=1001gbit",
        "rate=bit",
        "rate=1tbit",
        "reorder=1%,reorder-gap=0",
        "reorder=1%,reorder-gap=x",
        "rate=1kbit,queue=0",
        "seed=x",
        "seed=1.5",
        "impair=up",
        "impair",
        "reorder-gap=3",
        "queue=4",
        "jitter=1ms",
        "delay=1ms,jitter=2ms",
        "vlan=0",
        "vlan=4095",
        "vlan=x",
        "vlan",
        "capture",
        "capture=",
        "snap=5",
        "capture=x,snap=0",
        "capture=x,snap=262145",
        "capture=x,snap=all"
      })
  void aMistakeIsOneSentenceThatNamesTheOption(String text) {
    String last = text.substring(text.lastIndexOf(',') + 1).split("=", 2)[0];
    assertThatThrownBy(() -> PortDecorators.check(options(text)))
        .isInstanceOf(PortException.class)
        .hasMessageStartingWith("option " + last)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n").doesNotEndWith("."));
  }

  @Test
  void whatIsNotOursIsTheDriversAlone() {
    Map<String, String> all = options("loss=1%,mtu=9000,capture=x,vlan=7,snap=9,queues=2");
    assertThat(PortDecorators.driverOptions(all)).isEqualTo(options("mtu=9000,queues=2"));
    assertThat(PortDecorators.vlan(all)).isEqualTo(7);
    assertThat(PortDecorators.vlan(Map.of())).isZero();
  }

  @Test
  void aPortThatLosesPacketsMayNotMergeThem() {
    assertThat(PortDecorators.allowOffload(options("capture=x,vlan=7"))).isTrue();
    assertThat(PortDecorators.allowOffload(options("seed=7,impair=in"))).isTrue();
    for (String bad : new String[] {"loss", "duplicate", "reorder", "corrupt"}) {
      assertThat(PortDecorators.allowOffload(Map.of(bad, "1%"))).as(bad).isFalse();
    }
    assertThat(PortDecorators.allowOffload(Map.of("delay", "1ms"))).isFalse();
    assertThat(PortDecorators.allowOffload(Map.of("rate", "1gbit"))).isFalse();
  }

  @Test
  void impossibleFieldsAreRefused() {
    for (double share : new double[] {-0.1, 1.1, Double.NaN}) {
      assertThatThrownBy(() -> Impairment.NONE.withLoss(share))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> Impairment.NONE.withDuplicate(share))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> Impairment.NONE.withCorrupt(share))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> Impairment.NONE.withReorder(share, 1))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> Impairment.NONE.withReorder(0, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Impairment.NONE.withDelay(-1, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Impairment.NONE.withDelay(1, 2))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Impairment.NONE.withRate(-1, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Impairment.NONE.withRate(1, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }
}

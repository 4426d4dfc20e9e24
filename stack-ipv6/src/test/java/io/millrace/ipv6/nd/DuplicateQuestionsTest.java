package io.millrace.ipv6.nd;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.ipv6.Ipv6Autoconf;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** When an address is asked about before it is used (RFC 4862 §5.4.2). */
class DuplicateQuestionsTest {
  private static final long TENTH = Lab.SECOND / 10;

  @Tag("rfc4862:5.4.2-4")
  @Test
  void questionsAreASecondApart() {
    try (Lab lab = new Lab(Ipv6Autoconf.defaults().withDadTransmits(4))) {
      lab.claim("2001:db8::1/64");
      List<Long> times = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        lab.advance(TENTH);
        if (lab.sent().stream().anyMatch(each -> each.type() == Packet.NS)) {
          times.add(lab.now());
        }
      }
      assertThat(times).hasSize(4);
      for (int i = 1; i < times.size(); i++) {
        assertThat(times.get(i) - times.get(i - 1))
            .isBetween(Lab.SECOND - TENTH, Lab.SECOND + TENTH);
      }
    }
  }
}

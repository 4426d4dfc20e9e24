package io.millrace.udp.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The VXLAN header (RFC 7348 §5). */
class VxlanTest {
  private static final String INNER = "020000000002 020000000001 0800 cafe";

  private final FramePool pool = new FramePool(4, 512, 0, false);

  @AfterEach
  void nothingLeaks() {
    assertThat(pool.outstanding()).isEmpty();
    pool.close();
  }

  private boolean isValid(String text) {
    Frame frame = Packets.frame(pool, text);
    boolean valid = Vxlan.validate(frame.address(), frame.length());
    frame.release();
    return valid;
  }

  @Test
  void pushWritesWhatPopTakesOff() {
    Frame frame = Packets.frame(pool, INNER);
    Vxlan.push(frame, 0xabcdef);
    assertThat(Packets.hex(frame))
        .isEqualTo("0800000000000000".substring(0, 8) + "abcdef00" + INNER.replace(" ", ""));
    assertThat(Vxlan.vni(frame.address())).isEqualTo(0xabcdef);
    Vxlan.pop(frame);
    assertThat(Packets.hex(frame)).isEqualTo(INNER.replace(" ", ""));
    frame.release();
  }

  @Test
  void theNetworkMustBeNamedAndAFrameMustFollow() {
    assertThat(isValid("08000000 00000100" + INNER)).isTrue();
    assertThat(isValid("00000000 00000100" + INNER)).as("I must be set").isFalse();
    assertThat(isValid("ffffffff 000001ff" + INNER)).as("reserved bits are ignored").isTrue();
    assertThat(isValid("08000000 00000100 0200000000020200000000010800")).isTrue();
    assertThat(isValid("08000000 00000100 02000000000202000000000108")).isFalse();
  }
}

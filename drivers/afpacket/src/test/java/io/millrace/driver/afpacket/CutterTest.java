package io.millrace.driver.afpacket;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.link.VirtioHeader;
import io.millrace.testkit.packet.Decoded;
import io.millrace.testkit.packet.PacketBuilder;
import io.millrace.testkit.packet.TcpOption;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Merged packets in pieces, as an independent decoder reads them. */
final class CutterTest {
  private static final int FRAMES = 128;
  private static final int TCP = 34;

  private final FramePool pool = new FramePool(FRAMES, 2112, 0, false);
  private final Arena arena = Arena.ofConfined();
  private final long packet = arena.allocate(FramePool.LARGE_SIZE, 64).address() + 64;
  private final long header = packet - VirtioHeader.SHORT_SIZE;
  private final Cutter cutter = new Cutter(pool);

  @AfterEach
  @AfterProperty
  void free() {
    int left = pool.available();
    pool.close();
    arena.close();
    assertThat(left).isEqualTo(FRAMES);
  }

  private boolean start(byte[] bytes, int type, int size, int transport) {
    Bytes.fill(header, VirtioHeader.SHORT_SIZE, 0);
    Bytes.put8(header, VirtioHeader.NEEDS_CHECKSUM);
    Bytes.put8(header + 1, type);
    Bytes.put16Native(header + 4, size);
    Bytes.put16Native(header + 6, transport);
    Bytes.copyIn(bytes, 0, packet, bytes.length);
    return cutter.start(packet, bytes.length);
  }

  private List<byte[]> pieces() {
    List<byte[]> pieces = new ArrayList<>();
    while (cutter.isBusy()) {
      Frame frame = cutter.next();
      assertThat(frame.flags()).as("complete, and nothing vouched for").isZero();
      pieces.add(frame.toByteArray());
      frame.release();
    }
    return pieces;
  }

  private static byte[] random(int bytes) {
    byte[] payload = new byte[bytes];
    new Random(bytes).nextBytes(payload);
    return payload;
  }

  private static PacketBuilder tcp() {
    return PacketBuilder.tcp().from("10.0.0.1", 4000).to("10.0.0.2", 80).ipId(0xfffe);
  }

  @Property(tries = 200)
  void cutsTcpIntoWhatWouldHaveBeenSent(
      @ForAll @IntRange(min = 1, max = 20_000) int bytes,
      @ForAll @IntRange(min = 200, max = 1460) int size) {
    byte[] payload = random(bytes);
    long seq = 0xffff_fff0L;
    TcpOption stamp = TcpOption.timestamps(7, 8);
    byte[] whole = tcp().seq(seq).ack(9).flags("FPA").options(stamp).payload(payload).bytes();
    assertThat(start(whole, VirtioHeader.GSO_TCP4, size, TCP)).isTrue();
    ByteArrayOutputStream got = new ByteArrayOutputStream();
    List<byte[]> pieces = pieces();
    assertThat(pieces).hasSize((bytes + size - 1) / size);
    for (int i = 0; i < pieces.size(); i++) {
      Decoded piece = Decoded.of(pieces.get(i));
      boolean last = i == pieces.size() - 1;
      assertThat(piece.seq()).isEqualTo(seq + got.size() & 0xffff_ffffL);
      assertThat(piece.ack()).isEqualTo(9);
      assertThat(piece.ipId()).isEqualTo(0xfffe + i & 0xffff);
      assertThat(piece.hasFlag('F')).isEqualTo(last);
      assertThat(piece.hasFlag('P')).isEqualTo(last);
      assertThat(piece.hasFlag('A')).isTrue();
      assertThat(piece.options()).contains(stamp);
      got.writeBytes(piece.payload());
    }
    assertThat(got.toByteArray()).isEqualTo(payload);
  }

  @Property(tries = 200)
  void cutsDatagramsApart(
      @ForAll @IntRange(min = 1, max = 20_000) int bytes,
      @ForAll @IntRange(min = 200, max = 1472) int size) {
    byte[] payload = random(bytes);
    byte[] whole =
        PacketBuilder.udp().from("10.0.0.1", 9).to("10.0.0.2", 10).payload(payload).bytes();
    assertThat(start(whole, VirtioHeader.GSO_UDP, size, TCP)).isTrue();
    ByteArrayOutputStream got = new ByteArrayOutputStream();
    for (byte[] each : pieces()) {
      Decoded piece = Decoded.of(each);
      assertThat(piece.payload().length).isEqualTo(Math.min(size, bytes - got.size()));
      got.writeBytes(piece.payload());
    }
    assertThat(got.toByteArray()).isEqualTo(payload);
  }

  @Test
  void saysOnlyInTheFirstPieceThatTheWindowWasReduced() {
    byte[] whole = tcp().flags("AW").payload(random(1000)).bytes();
    int type = VirtioHeader.GSO_TCP4 | VirtioHeader.GSO_ECN;
    assertThat(start(whole, type, 400, TCP)).isTrue();
    assertThat(pieces())
        .extracting(each -> Decoded.of(each).hasFlag('W'))
        .containsExactly(true, false, false);
  }

  @Test
  void cutsOverIpv6() {
    byte[] payload = random(3001);
    ByteBuffer whole = ByteBuffer.allocate(14 + 40 + 20 + payload.length);
    whole.position(12).putShort((short) 0x86dd);
    whole.putInt(6 << 28).putShort((short) (20 + payload.length)).put((byte) 6).put((byte) 64);
    whole.putLong(0x20010db8_00000000L).putLong(1).putLong(0x20010db8_00000000L).putLong(2);
    whole.putInt(4000 << 16 | 80).putInt(100).putInt(0).putInt(5 << 28 | 0x10 << 16).putInt(0);
    whole.put(payload);
    assertThat(start(whole.array(), VirtioHeader.GSO_TCP6, 1440, 54)).isTrue();
    ByteArrayOutputStream got = new ByteArrayOutputStream();
    for (byte[] each : pieces()) {
      ByteBuffer piece = ByteBuffer.wrap(each);
      assertThat(piece.getShort(18)).isEqualTo((short) (each.length - 54));
      assertThat(piece.getInt(58)).isEqualTo(100 + got.size());
      assertThat(sumOverIpv6(each)).as("with its checksum the sum is all ones").isEqualTo(0xffff);
      got.write(each, 74, each.length - 74);
    }
    assertThat(got.toByteArray()).isEqualTo(payload);
  }

  /** RFC 1071 over the pseudo-header of RFC 8200 §8.1 and the segment, in its plainest form. */
  private static int sumOverIpv6(byte[] packet) {
    byte[] summed = Arrays.copyOfRange(packet, 22, packet.length);
    int sum = 6 + packet.length - 54;
    for (int i = 0; i < summed.length; i++) {
      sum += (summed[i] & 0xff) << (i % 2 == 0 ? 8 : 0);
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return sum;
  }

  @Test
  void refusesWhatMakesNoSense() {
    byte[] whole = tcp().flags("A").payload(random(3000)).bytes();
    assertThat(start(whole, VirtioHeader.GSO_TCP4, 0, TCP)).as("no size").isFalse();
    assertThat(start(whole, VirtioHeader.GSO_TCP4, 1460, 20)).as("inside IP").isFalse();
    assertThat(start(whole, VirtioHeader.GSO_TCP4, 1460, 60_000)).as("outside").isFalse();
    assertThat(start(whole, VirtioHeader.GSO_TCP4, 2000, TCP)).as("too long").isFalse();
    byte[] empty = tcp().flags("A").bytes();
    assertThat(start(empty, VirtioHeader.GSO_TCP4, 1460, TCP)).as("no payload").isFalse();
    byte[] alien = whole.clone();
    alien[12] = 0x12;
    assertThat(start(alien, VirtioHeader.GSO_TCP4, 1460, TCP)).as("not IP").isFalse();
    assertThat(cutter.isBusy()).isFalse();
  }

  @Test
  void losesThePiecesThatThereIsNoFrameFor() {
    List<Frame> hoard = new ArrayList<>();
    for (int i = 0; i < FRAMES - 1; i++) {
      hoard.add(pool.allocate());
    }
    byte[] whole = tcp().flags("A").payload(random(1000)).bytes();
    assertThat(start(whole, VirtioHeader.GSO_TCP4, 400, TCP)).isTrue();
    Frame first = cutter.next();
    assertThat(cutter.next()).isNull();
    first.release();
    Frame last = cutter.next();
    assertThat(Decoded.of(last.toByteArray()).payload()).hasSize(200);
    assertThat(cutter.isBusy()).isFalse();
    last.release();
    hoard.forEach(Frame::release);
  }
}

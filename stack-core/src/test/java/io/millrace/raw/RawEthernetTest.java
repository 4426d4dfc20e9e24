package io.millrace.raw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.diag.DropReason;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.spi.ScriptedPort;
import io.millrace.time.ShardClock;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An EtherType that the application speaks itself. */
class RawEthernetTest {
  private static final int TYPE = 0x88b5; // for experiments (IEEE 802, local)
  private static final long PEER = 0x02_00_00_00_00_99L;
  private static final long BROADCAST = 0xffff_ffff_ffffL;

  private final ScriptedPort port = new ScriptedPort();
  private final NetStack stack =
      NetStack.builder().driven(ShardClock.of(() -> 1)).port(port).start();
  private final Shard shard = stack.shard(0);
  private final int frames = shard.pool().available();

  @AfterEach
  void close() {
    assertThat(shard.pool().available()).as("free frames").isEqualTo(frames);
    stack.close();
  }

  private static byte[] frame(long destination, int type, byte[] data) {
    ByteBuffer frame = ByteBuffer.allocate(14 + data.length);
    frame.putShort((short) (destination >>> 32)).putInt((int) destination);
    frame.putShort((short) (PEER >>> 32)).putInt((int) PEER);
    return frame.putShort((short) type).put(data).array();
  }

  private void receive(byte[] frame) {
    port.arrive(frame);
    shard.step();
  }

  @Test
  void theHandlerSeesWhatIsBehindTheLinkHeaderAndWhoSentIt() {
    List<byte[]> seen = new ArrayList<>();
    RawEthernet.open(
        shard,
        TYPE,
        (raw, data, source, from, now) -> {
          assertThat(source).isEqualTo(PEER);
          assertThat(from.index()).isZero();
          seen.add(data.toByteArray());
        });
    byte[] data = {1, 2, 3, 4};
    receive(frame(ScriptedPort.MAC, TYPE, data));
    receive(frame(BROADCAST, TYPE, data));
    receive(frame(PEER, TYPE, data)); // not for us
    receive(frame(ScriptedPort.MAC, TYPE + 1, data)); // nobody's
    assertThat(seen).hasSize(2).allMatch(each -> Arrays.equals(each, data));
    assertThat(stack.dropped(DropReason.ETHERNET_NOT_FOR_US)).isOne();
    assertThat(stack.dropped(DropReason.ETHERTYPE_UNKNOWN)).isOne();
  }

  @Test
  void aFrameThatIsKeptGoesBackAsItIs() {
    RawEthernet.open(
        shard,
        TYPE,
        (raw, data, source, from, now) -> {
          data.retain();
          assertThat(raw.send(data, source, from)).isTrue();
        });
    receive(frame(ScriptedPort.MAC, TYPE, new byte[] {7, 8}));
    byte[] expected = frame(PEER, TYPE, new byte[] {7, 8});
    System.arraycopy(frame(ScriptedPort.MAC, 0, new byte[0]), 0, expected, 6, 6);
    assertThat(port.sent).hasSize(1);
    assertThat(port.sent.getFirst()).isEqualTo(expected);
  }

  @Test
  void moreThanThePortTakesIsRefused() {
    RawEthernet raw = RawEthernet.open(shard, TYPE, (it, data, source, from, now) -> {});
    var frame = shard.pool().allocate();
    frame.append(1501);
    assertThat(raw.send(frame, PEER, shard.networkInterface(0))).isFalse();
  }

  @Test
  void aTypeIsGivenBack() {
    RawEthernet first = RawEthernet.open(shard, TYPE, (it, data, source, from, now) -> {});
    RawEthernet second = RawEthernet.open(shard, TYPE + 1, (it, data, source, from, now) -> {});
    assertThatThrownBy(() -> RawEthernet.open(shard, TYPE, (it, data, source, from, now) -> {}))
        .hasMessageContaining("0x88b5 is open already");
    first.close();
    first.close();
    receive(frame(ScriptedPort.MAC, TYPE, new byte[4]));
    receive(frame(ScriptedPort.MAC, TYPE + 1, new byte[4]));
    assertThat(stack.dropped(DropReason.ETHERTYPE_UNKNOWN)).isOne();
    second.close();
  }

  @Test
  void noMoreThanSixteenOfThem() {
    for (int i = 0; i < 16; i++) {
      RawEthernet.open(shard, TYPE + i, (it, data, source, from, now) -> {});
    }
    assertThatThrownBy(
            () -> RawEthernet.open(shard, TYPE + 16, (it, data, source, from, now) -> {}))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void theStacksOwnTypesAreRefused() {
    for (int type : new int[] {0x0800, 0x0806, 0x86dd, 0x8100, 0x5ff, 0x10000}) {
      assertThatThrownBy(() -> RawEthernet.open(shard, type, (it, data, source, from, now) -> {}))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}

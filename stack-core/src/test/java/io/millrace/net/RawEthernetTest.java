package io.millrace.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.link.Ethernet;
import io.millrace.spi.ScriptedPort;
import io.millrace.time.ShardClock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Frames of an EtherType that an application takes. */
class RawEthernetTest {
  private static final int LLDP = 0x88cc;
  private static final long PEER = 0x0200_0000_0009L;

  private final ScriptedPort port = new ScriptedPort();
  private final NetStack stack =
      NetStack.builder().driven(ShardClock.of(() -> 1)).port(port).vlan(0, "100.10").start();
  private final Shard shard = stack.shard(0);
  private final NetInterface plain = shard.networkInterface(0);
  private final NetInterface network = shard.networkInterface(1);
  private final EthernetInput input = new EthernetInput(shard.counters());
  private final List<String> seen = new ArrayList<>();
  private final int frames = shard.pool().available();

  @AfterEach
  void nothingLeaks() {
    assertThat(shard.pool().available()).isEqualTo(frames);
    stack.close();
  }

  private void receive(int type, int tags, int payload) {
    Frame frame = shard.pool().allocate();
    long at = frame.append(Ethernet.headerSize(tags) + payload);
    Ethernet.write(at, plain.mac(), PEER, type, tags);
    input.input(frame, plain, 1);
  }

  private void note(RawEthernet raw, Frame frame, long source) {
    seen.add(
        Integer.toHexString(raw.etherType())
            + " of "
            + frame.length()
            + " bytes from "
            + Ethernet.format(source)
            + " on "
            + frame.interfaceIndex());
  }

  @Test
  void whoeverTookTheTypeIsShownTheFrame() {
    RawEthernet.open(shard, plain, LLDP, this::note);
    RawEthernet.open(shard, plain, 0x88b5, this::note);
    receive(LLDP, 0, 46);
    receive(0x88b5, 0, 100);
    receive(0x88b6, 0, 46);
    assertThat(seen)
        .containsExactly(
            "88cc of 46 bytes from 02:00:00:00:00:09 on 0",
            "88b5 of 100 bytes from 02:00:00:00:00:09 on 0");
    assertThat(shard.counters().get(DropReason.ETHERTYPE_UNKNOWN)).isOne();
  }

  @Test
  void aTypeIsTakenOnOneInterface() {
    RawEthernet.open(shard, network, LLDP, this::note);
    receive(LLDP, 0, 46);
    assertThat(seen).isEmpty();
    receive(LLDP, 100 << 16 | 10, 46);
    assertThat(seen).containsExactly("88cc of 46 bytes from 02:00:00:00:00:09 on 1");
  }

  @Test
  void aTypeOfTheStacksOwnIsTheApplicationsWhileItIsTaken() {
    RecordingFamily ipv4 = new RecordingFamily(4);
    input.families(ipv4, null);
    RawEthernet raw = RawEthernet.open(shard, plain, Ethernet.TYPE_IPV4, this::note);
    receive(Ethernet.TYPE_IPV4, 0, 20);
    assertThat(seen).hasSize(1);
    assertThat(ipv4.frames).isEmpty();
    raw.close();
    receive(Ethernet.TYPE_IPV4, 0, 20);
    assertThat(seen).hasSize(1);
    assertThat(ipv4.frames).hasSize(1);
    ipv4.releaseAll();
  }

  @Test
  void aTypeIsTakenOnceAndMayBeTakenAgain() {
    RawEthernet first = RawEthernet.open(shard, plain, LLDP, this::note);
    RawEthernet second = RawEthernet.open(shard, plain, 0x88b5, this::note);
    assertThatThrownBy(() -> RawEthernet.open(shard, plain, LLDP, this::note))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("0x88cc");
    first.close();
    first.close();
    receive(LLDP, 0, 46);
    assertThat(seen).isEmpty();
    RawEthernet.open(shard, plain, LLDP, this::note);
    second.close();
    receive(LLDP, 0, 46);
    receive(0x88b5, 0, 46);
    assertThat(seen).hasSize(1);
  }

  @Test
  void numbersThatAreNoTypesAreRefused() {
    for (int type : new int[] {0, 1500, 0x5ff, 0x8100, 0x88a8, 0x10000, -1}) {
      assertThatThrownBy(() -> RawEthernet.open(shard, plain, type, this::note))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aRetainedFrameIsSentOnInTheMemoryItCameIn() {
    RawEthernet.open(
        shard,
        network,
        LLDP,
        (raw, frame, source) -> {
          frame.retain();
          assertThat(raw.send(frame, source)).isTrue();
        });
    receive(LLDP, 100 << 16 | 10, 46);
    assertThat(plain.transmitRoom()).isEqualTo(NetInterface.TX_CAPACITY - 1);
    shard.step();
    byte[] sent = port.sent.getLast();
    assertThat(sent).hasSize(22 + 46);
    assertThat(sent)
        .startsWith(2, 0, 0, 0, 0, 9)
        .containsSequence(0x88, 0xa8, 0, 100, 0x81, 0, 0, 10, 0x88, 0xcc);
  }

  @Test
  void whatIsTooBigOrFindsNoRoomIsCounted() {
    RawEthernet raw = RawEthernet.open(shard, plain, LLDP, this::note);
    Frame large = shard.pool().allocate();
    large.append(plain.mtu() + 1);
    assertThat(raw.send(large, PEER)).isFalse();
    assertThat(shard.counters().get(DropReason.FRAME_TOO_BIG)).isOne();
    while (plain.transmitRoom() > 0) {
      Frame frame = shard.pool().allocate();
      frame.append(1);
      assertThat(raw.send(frame, PEER)).isTrue();
    }
    Frame frame = shard.pool().allocate();
    assertThat(raw.send(frame, PEER)).isFalse();
    assertThat(shard.counters().get(DropReason.TX_QUEUE_FULL)).isOne();
    plain.drop();
  }

  @Test
  void aHandlerThatThrowsIsReportedAndTheFrameComesBack() {
    RawEthernet.open(
        shard,
        plain,
        LLDP,
        (raw, frame, source) -> {
          throw new IllegalStateException("on purpose");
        });
    receive(LLDP, 0, 46);
    assertThat(shard.counters().get(Counter.EXCEPTIONS)).isOne();
  }
}

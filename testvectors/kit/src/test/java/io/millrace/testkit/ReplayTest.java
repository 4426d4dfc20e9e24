package io.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.testkit.packet.Decoded;
import io.millrace.testkit.packet.PacketBuilder;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A capture file, played into a stack. */
final class ReplayTest {
  private static final long RECORDED = 0x0a0b_0c0d_0e0fL;

  @TempDir Path folder;

  /** Two datagrams 250 ms apart, as pcap: to us, and to somebody else. */
  private Path capture(long first, long second) throws IOException {
    Path file = folder.resolve("in.pcap");
    try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(file))) {
      out.writeInt(0xa1b2c3d4);
      out.writeInt(2 << 16 | 4);
      out.writeLong(0);
      out.writeInt(65_535);
      out.writeInt(1);
      long[] macs = {first, second};
      for (int i = 0; i < macs.length; i++) {
        byte[] frame =
            PacketBuilder.udp()
                .ethernet(0x0200_0000_0002L, macs[i])
                .from("10.0.0.2", 1000 + i)
                .to("10.0.0.1", 2000)
                .bytes();
        out.writeInt(1_700_000_000);
        out.writeInt(i * 250_000);
        out.writeInt(frame.length);
        out.writeInt(frame.length);
        out.write(frame);
      }
    }
    return file;
  }

  @Test
  void theAnswersComeBackDecoded() throws IOException {
    Path file = capture(0x0200_0000_0001L, 0x0200_0000_0001L);
    try (World world = new World(1)) {
      SimulatedLink link = world.link();
      world.stack(link, "10.0.0.1/24");
      List<Decoded> answers = Replay.of(file).into(world, link).run();
      assertThat(answers).extracting(Decoded::destinationPort).containsExactly(1000, 1001);
      assertThat(world.now()).as("its own timing, and a second more").isEqualTo(1_250_000_000);
    }
  }

  @Test
  void anotherHostsTrafficCanBePlayedToOurs() throws IOException {
    Path file = capture(RECORDED, 0x0a0b_0c0d_0e00L);
    try (World world = new World(1)) {
      SimulatedLink link = world.link();
      world.stack(link, "10.0.0.1/24");
      List<Decoded> answers =
          Replay.of(file).instead(RECORDED, 0x0200_0000_0001L).untimed().into(world, link).run();
      assertThat(answers).extracting(Decoded::destinationPort).containsExactly(1000);
    }
  }

  @Test
  void aDamagedFileSaysSo() throws IOException {
    Path file = folder.resolve("no.pcap");
    Files.write(file, new byte[] {1, 2, 3});
    try (World world = new World(1)) {
      SimulatedLink link = world.link();
      assertThatThrownBy(() -> Replay.of(file).into(world, link).run())
          .isInstanceOf(UncheckedIOException.class);
    }
  }
}

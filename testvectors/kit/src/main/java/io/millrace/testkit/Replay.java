package io.millrace.testkit;

import io.millrace.capture.CaptureReader;
import io.millrace.testkit.packet.Decoded;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Plays a pcap or pcapng file into a link and collects what the stacks there answer.
 *
 * <pre>{@code
 * try (World world = new World(1)) {
 *   SimulatedLink link = world.link();
 *   world.stack(link, "10.0.0.1/24");
 *   List<Decoded> answers = Replay.of(Path.of("in.pcapng")).into(world, link).run();
 * }
 * }</pre>
 *
 * <p>Frames keep the distances that they have in the file, in virtual time.
 */
public final class Replay {
  private final Path file;
  private final boolean timed;
  private final Duration linger;
  private final long recordedMac;
  private final long playedMac;

  private Replay(Path file, boolean timed, Duration linger, long recordedMac, long playedMac) {
    this.file = file;
    this.timed = timed;
    this.linger = linger;
    this.recordedMac = recordedMac;
    this.playedMac = playedMac;
  }

  /** Will play this file. */
  public static Replay of(Path file) {
    return new Replay(file, true, Duration.ofSeconds(1), 0, 0);
  }

  /** Plays frame after frame, each as soon as the stack has done with the one before. */
  public Replay untimed() {
    return new Replay(file, false, linger, recordedMac, playedMac);
  }

  /** Waits so long, in virtual time, for answers to the last frame; one second if not said. */
  public Replay linger(Duration duration) {
    return new Replay(file, timed, duration, recordedMac, playedMac);
  }

  /**
   * Plays only what was addressed to {@code recorded} or to a group, and puts {@code played} in its
   * place: for a capture of another host's traffic. Both are link addresses in the low 48 bits.
   */
  public Replay instead(long recorded, long played) {
    return new Replay(file, timed, linger, recorded, played);
  }

  /** Where to play it. */
  public Run into(World world, SimulatedLink link) {
    return new Run(world, link);
  }

  /** A replay with a place to happen. */
  public final class Run {
    private final World world;
    private final Station station;
    private final SimulatedLink link;

    private Run(World world, SimulatedLink link) {
      this.world = world;
      this.link = link;
      this.station = link.station();
    }

    /**
     * Plays the file to its end and waits for the last answers.
     *
     * @return every frame that a stack sent meanwhile, decoded, in the order of sending
     * @throws UncheckedIOException if the file cannot be read or is damaged
     * @throws AssertionError if a stack sent something malformed or threw
     */
    public List<Decoded> run() {
      List<byte[]> answers = new ArrayList<>();
      link.tap(
          (sender, frame, nanos) -> {
            if (!link.isStation(sender)) {
              answers.add(frame);
            }
          });
      try (CaptureReader in = CaptureReader.open(file)) {
        play(in);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      world.run(linger);
      return answers.stream().map(Decoded::of).toList();
    }

    private void play(CaptureReader in) throws IOException {
      long start = world.now();
      long first = Long.MIN_VALUE;
      while (in.next()) {
        first = first == Long.MIN_VALUE ? in.time() : first;
        long wait = start + in.time() - first - world.now();
        if (timed && wait > 0) {
          world.run(Duration.ofNanos(wait));
        }
        byte[] frame = in.toByteArray();
        if (readdress(frame)) {
          station.send(frame);
          world.settle();
        }
      }
    }

    private boolean readdress(byte[] frame) {
      if (recordedMac == 0 || frame.length < 6 || (frame[0] & 1) != 0) {
        return true;
      }
      long mac = 0;
      for (int i = 0; i < 6; i++) {
        mac = mac << 8 | (frame[i] & 0xff);
      }
      if (mac != recordedMac) {
        return false;
      }
      for (int i = 0; i < 6; i++) {
        frame[i] = (byte) (playedMac >>> (40 - 8 * i));
      }
      return true;
    }
  }
}

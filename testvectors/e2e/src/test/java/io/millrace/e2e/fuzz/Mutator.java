package io.millrace.e2e.fuzz;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Damages frames in the ways that find bugs: bits, extremes, lengths, repeats; then makes checksums
 * right again or not.
 */
final class Mutator {
  private static final int[] EXTREMES = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};
  private final SplittableRandom random;

  Mutator(SplittableRandom random) {
    this.random = random;
  }

  /** A damaged copy; every eighth frame is left as it is. */
  byte[] mutate(byte[] frame) {
    byte[] out = frame.clone();
    int damages = random.nextInt(8) == 0 ? 0 : 1 + random.nextInt(3);
    for (int i = 0; i < damages && out.length > 0; i++) {
      out = damage(out);
    }
    if (random.nextInt(4) != 0) {
      repair(out);
    }
    return out;
  }

  private byte[] damage(byte[] in) {
    int at = position(in.length);
    switch (random.nextInt(6)) {
      case 0 -> in[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> in[at] = (byte) EXTREMES[random.nextInt(EXTREMES.length)];
      case 2 -> in[at] = (byte) random.nextInt(256);
      case 3 -> {
        int extreme = EXTREMES[random.nextInt(EXTREMES.length)];
        for (int i = at; i < Math.min(in.length, at + 4); i++) {
          in[i] = (byte) extreme;
        }
      }
      case 4 -> {
        return Arrays.copyOf(
            in, Math.max(6, random.nextInt(in.length + 1))); // a link needs an address
      }
      default -> {
        return Arrays.copyOf(in, Math.min(1514, in.length + 1 + random.nextInt(64)));
      }
    }
    return in;
  }

  /** Mostly in the headers. */
  private int position(int length) {
    return random.nextInt(random.nextInt(4) == 0 ? length : Math.min(length, 94));
  }

  /** Makes IP, TCP, UDP and ICMP checksums right as far as the frame can be understood. */
  static void repair(byte[] frame) {
    if (frame.length < 34 || frame[12] != 8 || frame[13] != 0) {
      return;
    }
    int header = (frame[14] & 15) * 4;
    if (header < 20 || 14 + header > frame.length) {
      return;
    }
    put(frame, 24, 0);
    put(frame, 24, ~sum(frame, 14, 14 + header, 0));
    int end = Math.min(frame.length, 14 + get(frame, 16));
    int at = 14 + header;
    int protocol = frame[23] & 0xff;
    int field = protocol == 6 ? at + 16 : protocol == 17 ? at + 6 : protocol == 1 ? at + 2 : -1;
    if (field < 0 || field + 2 > end) {
      return;
    }
    put(frame, field, 0);
    int pseudo = protocol == 1 ? 0 : sum(frame, 26, 34, protocol + (end - at));
    put(frame, field, ~sum(frame, at, end, pseudo));
  }

  private static int sum(byte[] bytes, int from, int to, int start) {
    int sum = start;
    for (int i = from; i < to; i += 2) {
      sum += (bytes[i] & 0xff) << 8 | (i + 1 < to ? bytes[i + 1] & 0xff : 0);
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return sum;
  }

  private static int get(byte[] bytes, int at) {
    return (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
  }

  private static void put(byte[] bytes, int at, int value) {
    bytes[at] = (byte) (value >>> 8);
    bytes[at + 1] = (byte) value;
  }
}

package io.millrace.ipv6;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Random chains of extension headers, in any order, with lengths that lie, all kinds of options,
 * and fragments in fragments: for each one RFC 8200 §4 and RFC 4443 §2.4 say exactly what is
 * delivered and what its sender is told. {@link Reader} reads them a second time, as the texts are
 * written.
 */
class HeaderChainsTest {
  private static final int CHAINS = 50;
  private static final int[] HEADERS = {0, 43, 44, 51, 60, 60, 60};
  private static final int[] UPPER = {17, 17, 17, 200, 50, 135, 59, 58};
  private static final int[] OPTIONS = {0, 1, 1, 0x05, 0x1e, 0x3e, 0x5e, 0x8a, 0xc2, 0xc9, 0xde};

  /** Neither runs dry in a test. */
  private static final Ipv6Config CONFIG = Ipv6Config.defaults().withIcmpLimit(1_000_000, 10_000);

  /** What becomes of a packet. */
  private enum Fate {
    DELIVERED,
    ANSWERED,
    GONE
  }

  @Property(tries = 100)
  void everyChainHasTheOneAnswerThatTheRfcsName(@ForAll long seed) {
    Random random = new Random(seed);
    try (TestHost host = TestHost.start(CONFIG).introducePeer()) {
      for (int i = 0; i < CHAINS; i++) {
        boolean group = random.nextInt(4) == 0;
        byte[] frame = chain(random, i, group);
        byte[] packet = Arrays.copyOfRange(frame, 14, frame.length);
        Reader reader = new Reader(packet);
        reader.read();
        int delivered = host.udp.received.size();
        host.receive(frame);
        List<TestHost.Problem> told = host.sentErrors();
        String chain = HexFormat.of().formatHex(packet);
        assertThat(host.udp.received.size() - delivered)
            .as("delivered: %s", chain)
            .isEqualTo(reader.fate == Fate.DELIVERED ? 1 : 0);
        boolean answered =
            reader.fate == Fate.ANSWERED
                && (!group || reader.evenToGroup)
                && !reader.isAboutError();
        assertThat(told).as("told: %s", chain).hasSize(answered ? 1 : 0);
        if (answered) {
          assertThat(told.get(0).type()).as(chain).isEqualTo(4);
          assertThat(told.get(0).code()).as(chain).isEqualTo(reader.code);
          assertThat(told.get(0).rest()).as("pointer: %s", chain).isEqualTo(reader.pointer);
          int quoted = Math.min(packet.length, 1280 - 48);
          assertThat(told.get(0).quote()).isEqualTo(Arrays.copyOf(packet, quoted));
        }
      }
    }
  }

  private static byte[] chain(Random random, int id, boolean group) {
    int upper = UPPER[random.nextInt(UPPER.length)];
    byte[] payload =
        upper == 17
            ? Packets.udpPacket(9, 7, new byte[random.nextInt(40)])
            : Packets.icmp(1, 4, 0, new byte[random.nextInt(40)]);
    Packets.Ip packet = Packets.ip(upper, payload).to(group ? "ff02::1" : TestHost.OURS);
    int headers = random.nextInt(20) == 0 ? 8 + random.nextInt(3) : random.nextInt(6);
    for (int n = 0; n < headers; n++) {
      int number = headers > 6 ? 60 : HEADERS[random.nextInt(n == 0 ? HEADERS.length : 7)];
      switch (number) {
        case 43 ->
            packet.with(43, 0, 0, random.nextInt(5), random.nextInt(3) == 0 ? 1 : 0, 0, 0, 0, 0);
        case 44 -> {
          boolean whole = random.nextInt(3) != 0;
          packet.fragment(id, whole ? 0 : 8 * random.nextInt(8192), !whole && random.nextBoolean());
        }
        case 51 -> packet.with(51, 0, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0);
        default -> packet.with(number, options(random));
      }
    }
    byte[] frame = packet.build();
    if (random.nextInt(6) == 0 && frame.length > 14 + 44) {
      // A byte that lies: a length, mostly.
      frame[14 + 40 + random.nextInt(Math.min(frame.length - 54, 24))] = (byte) random.nextInt(256);
    }
    return frame;
  }

  /** A header of options, mostly well formed and filled up with padding. */
  private static int[] options(Random random) {
    int[] header = new int[8 * (1 + random.nextInt(random.nextInt(10) == 0 ? 20 : 3))];
    header[1] = header.length / 8 - 1;
    int at = 2;
    while (at < header.length) {
      int room = header.length - at;
      int type = room < 2 ? 0 : OPTIONS[random.nextInt(OPTIONS.length)];
      if (type > 1 && random.nextInt(3) != 0) {
        type = 0x1e;
      }
      int length = type == 0 ? 1 : 2 + random.nextInt(Math.min(room - 1, type == 1 ? 5 : 40));
      if (type != 0) {
        header[at] = type;
        header[at + 1] = length - 2;
      }
      at += length;
    }
    return header;
  }

  /** Reads a packet as RFC 8200 tells a destination to. */
  private static final class Reader {
    private final byte[] packet;
    private Fate fate = Fate.GONE;
    private int code;
    private int pointer;
    private boolean evenToGroup;
    private boolean fragmentProblem;
    private boolean maybeIcmp;
    private int upper;
    private int upperAt;

    Reader(byte[] packet) {
      this.packet = packet;
    }

    private int at(int index) {
      return packet[index] & 0xff;
    }

    private void problem(int newCode, int newPointer) {
      fate = Fate.ANSWERED;
      code = newCode;
      pointer = newPointer;
    }

    void read() {
      int number = 6;
      int at = 40;
      int headers = 0;
      boolean fragment = false;
      while (true) {
        int next = at(number);
        if (next == 59) {
          return;
        }
        if (next == 0 && at != 40 || next == 51) {
          problem(1, number);
          return;
        }
        if (next != 0 && next != 43 && next != 44 && next != 60) {
          upper(next, number);
          return;
        }
        int size = next == 44 ? 8 : at + 8 > packet.length ? 9999 : 8 * (at(at + 1) + 1);
        if (next == 44 && fragment || at + size > packet.length) {
          return;
        }
        if (++headers > CONFIG.extensionHeaders()) {
          problem(8, at);
          return;
        }
        if (at + size - 40 > CONFIG.extensionBytes()) {
          problem(7, at);
          return;
        }
        boolean done =
            switch (next) {
              case 44 -> fragment(at);
              case 43 -> routing(at);
              default -> options(at, at + size);
            };
        if (done) {
          return;
        }
        fragment |= next == 44;
        number = at;
        at += size;
      }
    }

    private void upper(int next, int number) {
      if (next == 17) {
        fate = Fate.DELIVERED;
      } else if (next != 58 && next != 6) { // by a lie
        problem(1, number);
      }
    }

    private boolean routing(int at) {
      if (at(at + 3) != 0) {
        problem(0, at + 2);
        return true;
      }
      return false;
    }

    /** Whether the packet's way ends here. */
    private boolean options(int from, int end) {
      int padding = 0;
      int options = 0;
      for (int i = from + 2; i < end; ) {
        int type = at(i);
        int length = type == 0 ? 1 : i + 1 == end ? 2 : 2 + at(i + 1);
        if (i + length > end) {
          problem(0, i);
          return true;
        }
        if (type > 1) {
          padding = 0;
          if (++options > CONFIG.options()) {
            problem(9, i);
            return true;
          }
          if (type >= 0x40) {
            if (type >= 0x80) {
              problem(2, i);
              evenToGroup = type < 0xc0;
            }
            return true;
          }
        } else {
          padding += length;
          if (padding > 7) {
            return true;
          }
        }
        i += length;
      }
      return false;
    }

    /** Whether it is a fragment of a larger packet, which ends the way of this one. */
    private boolean fragment(int at) {
      int word = at(at + 2) << 8 | at(at + 3);
      int offset = word & 0xfff8;
      boolean more = (word & 1) != 0;
      if (offset == 0 && !more) {
        return false;
      }
      int size = packet.length - at - 8;
      if (size == 0) {
        return true;
      }
      fragmentProblem = true;
      maybeIcmp = offset != 0 && at(at) == 58;
      findUpperLayer();
      int least = upper == 17 || upper == 58 ? 8 : upper == 6 ? 20 : upper == 132 ? 12 : 0;
      if (more && size % 8 != 0) {
        problem(0, 4);
      } else if (at - 40 + offset + size > 65_535) {
        problem(0, at + 2);
      } else if (offset == 0 && (upper < 0 || packet.length - upperAt < least)) {
        problem(3, 0);
      }
      return true;
    }

    /** Whether it is, or may be, an error or a redirect itself (RFC 4443 §2.4 (e.1), (e.2)). */
    boolean isAboutError() {
      findUpperLayer();
      if (upper < 0) {
        return !fragmentProblem || maybeIcmp;
      }
      int type = upperAt < packet.length ? at(upperAt) : 0;
      return upper == 58 && (type < 128 || type == 137);
    }

    /** Finds the upper layer's number and place; -1 if cut off, or this is not a packet's start. */
    private void findUpperLayer() {
      upper = -1;
      int next = at(6);
      int at = 40;
      while (next == 0 || next == 43 || next == 44 || next == 51 || next == 60) {
        boolean isCutOff = at + (next == 51 ? 12 : 8) > packet.length;
        if (isCutOff || (next == 44 && ((at(at + 2) << 8 | at(at + 3)) & 0xfff8) != 0)) {
          return;
        }
        int size = next == 44 ? 8 : next == 51 ? 4 * (at(at + 1) + 2) : 8 * (at(at + 1) + 1);
        next = at(at);
        at += size;
      }
      if (at <= packet.length) {
        upper = next;
        upperAt = at;
      }
    }
  }
}

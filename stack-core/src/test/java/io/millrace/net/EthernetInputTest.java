package io.millrace.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.link.Ethernet;
import io.millrace.spi.ScriptedPort;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of a received frame: to its family, or dropped by name. */
class EthernetInputTest {
  private static final long US = ScriptedPort.MAC;
  private static final long PEER = 0x0200_0000_0009L;

  private final Counters counters = new Counters();
  private final FramePool pool = new FramePool(4, 512, 0, false);
  private final RecordingFamily ipv4 = new RecordingFamily(4);
  private final RecordingFamily ipv6 = new RecordingFamily(6);
  private final EthernetInput input = new EthernetInput(counters);
  private final NetInterface untagged = on(0);

  EthernetInputTest() {
    input.families(ipv4, ipv6);
  }

  private NetInterface on(int vlan) {
    ScriptedPort port = new ScriptedPort();
    return new NetInterface(3, port.info(), port, counters, vlan);
  }

  @AfterEach
  void nothingLeaks() {
    ipv4.releaseAll();
    ipv6.releaseAll();
    assertThat(pool.outstanding()).isEmpty();
    pool.close();
  }

  private Frame frame(long destination, int type, int tci, int payload) {
    Frame frame = pool.allocate();
    int header = tci == 0 ? 14 : 18;
    Ethernet.write(frame.append(header + payload), destination, PEER, type, tci);
    return frame;
  }

  private void dropped(DropReason reason, Frame frame, NetInterface from) {
    long before = counters.totalDrops();
    long ofThis = counters.get(reason);
    input.input(frame, from, 1);
    assertThat(counters.get(reason)).isEqualTo(ofThis + 1);
    assertThat(counters.totalDrops()).isEqualTo(before + 1);
    assertThat(frame.references()).isZero();
    assertThat(ipv4.frames).isEmpty();
    assertThat(ipv6.frames).isEmpty();
  }

  @Test
  void eachFamilyGetsItsFramesWithoutTheLinkHeader() {
    Frame four = frame(US, Ethernet.TYPE_IPV4, 0, 20);
    long network = four.address() + 14;
    input.input(four, untagged, 77);
    assertThat(ipv4.frames).containsExactly(four);
    assertThat(four.address()).isEqualTo(network);
    assertThat(four.l3Address()).isEqualTo(network);
    assertThat(four.length()).isEqualTo(20);
    assertThat(four.interfaceIndex()).isEqualTo(3);
    assertThat(four.flags()).isZero();
    assertThat(ipv4.log).containsExactly("input 77");

    Frame six = frame(US, Ethernet.TYPE_IPV6, 0, 40);
    input.input(six, untagged, 78);
    assertThat(ipv6.frames).containsExactly(six);

    Frame arp = frame(Ethernet.BROADCAST, Ethernet.TYPE_ARP, 0, 28);
    input.input(arp, untagged, 79);
    assertThat(ipv4.log).containsExactly("input 77", "resolution 79");
    assertThat(counters.totalDrops()).isZero();
  }

  @Test
  void groupDestinationsAreMarked() {
    Frame broadcast = frame(Ethernet.BROADCAST, Ethernet.TYPE_IPV4, 0, 20);
    input.input(broadcast, untagged, 0);
    assertThat(broadcast.flags()).isEqualTo(Frame.LINK_MULTICAST | Frame.LINK_BROADCAST);
    Frame multicast = frame(0x0100_5e00_0001L, Ethernet.TYPE_IPV4, 0, 20);
    input.input(multicast, untagged, 0);
    assertThat(multicast.flags()).isEqualTo(Frame.LINK_MULTICAST);
  }

  @Test
  void framesForOthersAreDropped() {
    dropped(DropReason.ETHERNET_NOT_FOR_US, frame(PEER, Ethernet.TYPE_IPV4, 0, 20), untagged);
    dropped(DropReason.ETHERNET_NOT_FOR_US, frame(0, Ethernet.TYPE_IPV4, 0, 20), untagged);
  }

  @Test
  void unknownTypesAreDropped() {
    for (int type : new int[] {0, 1_500, 0x88cc, 0x9100, 0xffff}) {
      dropped(DropReason.ETHERTYPE_UNKNOWN, frame(US, type, 0, 20), untagged);
    }
    dropped(DropReason.ETHERTYPE_UNKNOWN, frame(US, Ethernet.TYPE_VLAN, 5, 20), on(5));
  }

  @Test
  void aFamilyThatIsNotThereHandlesNothing() {
    input.families(null, null);
    for (int type : new int[] {Ethernet.TYPE_IPV4, Ethernet.TYPE_IPV6, Ethernet.TYPE_ARP}) {
      dropped(DropReason.ETHERTYPE_UNKNOWN, frame(US, type, 0, 20), untagged);
    }
  }

  @Test
  void aTruncatedHeaderIsDroppedAtEveryByte() {
    for (int length = 0; length < 14; length++) {
      Frame frame = frame(US, Ethernet.TYPE_IPV4, 0, 0);
      frame.trim(length);
      dropped(DropReason.ETHERNET_TRUNCATED, frame, untagged);
    }
    for (int length = 14; length < 18; length++) {
      Frame frame = frame(US, Ethernet.TYPE_IPV4, 5, 0);
      frame.trim(length);
      dropped(DropReason.ETHERNET_TRUNCATED, frame, on(5));
    }
    Frame whole = frame(US, Ethernet.TYPE_IPV4, 0, 0);
    input.input(whole, untagged, 0);
    assertThat(ipv4.frames).as("a header alone is whole").containsExactly(whole);
    assertThat(whole.length()).isZero();
  }

  @Test
  void aTagLeadsToItsNetworkAlone() {
    Frame tagged = frame(US, Ethernet.TYPE_IPV4, 0xe000 | 5, 20);
    input.input(tagged, on(5), 0);
    assertThat(ipv4.frames).containsExactly(tagged);
    assertThat(tagged.length()).isEqualTo(20);
    assertThat(tagged.vlan()).as("priority and network").isEqualTo(0xe005);
    ipv4.releaseAll();
    dropped(DropReason.VLAN_UNKNOWN, frame(US, Ethernet.TYPE_IPV4, 6, 20), on(5));
    dropped(DropReason.VLAN_UNKNOWN, frame(US, Ethernet.TYPE_IPV4, 5, 20), untagged);
    dropped(DropReason.VLAN_UNKNOWN, frame(US, Ethernet.TYPE_IPV4, 0, 20), on(5));
  }

  @Test
  void aPriorityTagBelongsToNoNetwork() {
    // IEEE 802.1Q §6.9: network 0 only carries the priority.
    Frame priority = frame(US, Ethernet.TYPE_IPV4, 0xe000, 20);
    input.input(priority, untagged, 0);
    assertThat(ipv4.frames).containsExactly(priority);
    ipv4.releaseAll();
    dropped(DropReason.VLAN_UNKNOWN, frame(US, Ethernet.TYPE_IPV4, 0xe000, 20), on(5));
  }

  /** Two networks on the untagged port, which is theirs as well: 10, and 10 inside 100. */
  private NetInterface[] networks() {
    NetInterface ten = new NetInterface(4, untagged, 10);
    return new NetInterface[] {ten, new NetInterface(5, untagged, 100 << 16 | 10)};
  }

  @Test
  void networksOnOnePortAreToldApartByTheirTags() {
    networks();
    int[] tags = {0, 10, 100 << 16 | 10, 0x6000 | 10, (0xe000 | 100) << 16 | 0x2000 | 10, 0xe000};
    int[] leadTo = {3, 4, 5, 4, 5, 3};
    for (int i = 0; i < tags.length; i++) {
      Frame frame = frame(tags[i]);
      long payload = frame.address() + Ethernet.headerSize(tags[i]);
      input.input(frame, untagged, 0);
      assertThat(ipv4.frames).containsExactly(frame);
      assertThat(frame.interfaceIndex()).as("tags %x", tags[i]).isEqualTo(leadTo[i]);
      assertThat(frame.vlan()).isEqualTo(tags[i]);
      assertThat(frame.address()).isEqualTo(payload);
      assertThat(frame.length()).isEqualTo(20);
      ipv4.releaseAll();
    }
  }

  private Frame frame(int tags) {
    Frame frame = pool.allocate();
    long at = frame.append(Ethernet.headerSize(tags) + 20);
    Ethernet.write(at, US, PEER, Ethernet.TYPE_IPV4, tags);
    return frame;
  }

  @Test
  void tagsOfNoNetworkAreCounted() {
    networks();
    for (int tags : new int[] {11, 101 << 16 | 10, 100 << 16 | 11, 100 << 16, 10 << 16}) {
      dropped(DropReason.VLAN_UNKNOWN, frame(tags), untagged);
    }
  }

  @Test
  void twoTagsAreWholeOrDropped() {
    networks();
    for (int length = 18; length < 22; length++) {
      Frame frame = frame(100 << 16 | 10);
      frame.trim(length);
      dropped(DropReason.ETHERNET_TRUNCATED, frame, untagged);
    }
  }

  @Test
  void aNetworkOnAPortTakesItsTagsFromTheMtu() {
    NetInterface[] networks = networks();
    assertThat(networks[0].mtu()).isEqualTo(untagged.mtu() - 4);
    assertThat(networks[1].mtu()).isEqualTo(untagged.mtu() - 8);
    assertThat(networks[0].linkHeaderSize()).isEqualTo(18);
    assertThat(networks[1].linkHeaderSize()).isEqualTo(22);
    assertThat(networks[1].mac()).isEqualTo(untagged.mac());
    assertThat(networks[1].toString()).isEqualTo(untagged + ".100.10");
  }

  @Test
  void whatLeavesANetworkWaitsWithThePortsFrames() {
    NetInterface[] networks = networks();
    int room = untagged.transmitRoom();
    networks[0].transmit(frame(10));
    assertThat(untagged.transmitRoom()).isEqualTo(room - 1);
    assertThat(networks[1].transmitRoom()).isEqualTo(room - 1);
    untagged.drop();
    assertThat(networks[0].transmitRoom()).isEqualTo(room);
  }

  @Property(tries = 5_000)
  void anyBytesAreHandedOnOrCounted(@ForAll @Size(max = 40) byte[] bytes, @ForAll long seed) {
    Random random = new Random(seed);
    Frame frame = pool.allocate();
    long at = frame.append(bytes.length);
    Bytes.copyIn(bytes, 0, at, bytes.length);
    if (bytes.length >= 18 && random.nextBoolean()) {
      Ethernet.write(at, US, PEER, random.nextBoolean() ? 0x0800 : 0x0806, random.nextInt(4));
      if (random.nextBoolean()) {
        Bytes.put16(at + 12, Ethernet.TYPE_SERVICE_VLAN);
      }
    }
    long before = counters.totalDrops();
    input.input(frame, random.nextBoolean() ? untagged : on(2), 0);
    int handed = ipv4.frames.size() + ipv6.frames.size();
    assertThat(handed + counters.totalDrops() - before).isEqualTo(1);
    ipv4.releaseAll();
    ipv6.releaseAll();
    assertThat(pool.available()).isEqualTo(4);
  }
}

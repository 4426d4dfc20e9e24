package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.apps.example.UserPlane;
import io.millrace.diag.DropReason;
import io.millrace.ip.ForwardingConfig;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.IpRoute;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.Station;
import io.millrace.testkit.World;
import io.millrace.testkit.packet.Decoded;
import io.millrace.testkit.packet.PacketBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A network function of an application: users' packets out of GTP-U and into it, byte by byte.
 *
 * <pre>
 *   user 10.45.0.7 ~~ radio 10.3.0.2 --- 10.3.0.1 [UserPlane] 10.6.0.1 --- 10.6.0.9
 * </pre>
 */
class UserPlaneTest {
  private static final String USER = "10.45.0.7";
  private static final String RADIO = "10.3.0.2";
  private static final String ACCESS = "10.3.0.1";
  private static final String SERVER = "10.6.0.9";
  private static final int RADIO_TEID = 0xaabb_ccdd;
  private static final long OURS = 0x0200_0000_0001L;
  private static final long THEIRS = 0x0200_0000_0002L;
  private static final int GTP = 2152;

  private final World world = new World(5);
  private final Station radio;
  private final Station server;
  private final NetStack stack;
  private final Shard shard;
  private final int frames;
  private UserPlane plane;
  private int teid;

  UserPlaneTest() {
    SimulatedLink accessLink = world.link();
    SimulatedLink coreLink = world.link();
    stack =
        world.stack(
            world
                .builder(accessLink.port(), ACCESS + "/24")
                .port(coreLink.port(), "10.6.0.1/24")
                .route(new IpRoute(IpPrefix.parse("10.45.0.0/16"), null, 0, 0, null))
                .with(ForwardingConfig.defaults()));
    shard = stack.shard(0);
    radio = accessLink.station().answersArpFor(RADIO);
    server = coreLink.station().answersArpFor(SERVER);
    frames = shard.pool().frames();
  }

  @BeforeEach
  void open() {
    plane = new UserPlane(shard, shard.networkInterface(0));
    teid = plane.open(IpAddress.parse(USER), IpAddress.parse(RADIO), RADIO_TEID, 9);
    world.run(Duration.ofSeconds(5)); // addresses are announced
    radio.drain();
    server.drain();
  }

  @AfterEach
  void close() {
    world.run(Duration.ofSeconds(1));
    assertThat(shard.pool().available()).as("free frames").isEqualTo(frames);
    world.close();
  }

  private static byte[] withoutLinkHeader(byte[] frame) {
    return Arrays.copyOfRange(frame, 14, frame.length);
  }

  private static PacketBuilder fromUser() {
    return PacketBuilder.udp().from(USER, 4000).to(SERVER, 53).ttl(60).tos(0xb8);
  }

  private static PacketBuilder toUser() {
    return PacketBuilder.udp()
        .ethernet(THEIRS, OURS)
        .from(SERVER, 53)
        .to(USER, 4000)
        .ttl(60)
        .tos(0xb9);
  }

  /** A message from the radio: these bytes behind UDP's header. */
  private void send(byte[] message) {
    radio.send(
        PacketBuilder.udp()
            .ethernet(THEIRS, OURS)
            .from(RADIO, 2300)
            .to(ACCESS, GTP)
            .payload(message)
            .bytes());
    world.run(Duration.ofSeconds(1));
  }

  /** A user's packet as the radio sends it, with a PDU session container. */
  private byte[] gpdu(int tunnel, byte[] inner) {
    return ByteBuffer.allocate(16 + inner.length)
        .put((byte) 0x34)
        .put((byte) 0xff)
        .putShort((short) (8 + inner.length))
        .putInt(tunnel)
        .put(HexFormat.of().parseHex("0000008501100900"))
        .put(inner)
        .array();
  }

  private static byte[] hopLess(byte[] datagram) {
    byte[] copy = datagram.clone();
    copy[8]--;
    int checksum = ((copy[10] & 0xff) << 8 | copy[11] & 0xff) + 0x0100;
    checksum += checksum >>> 16;
    copy[10] = (byte) (checksum >>> 8);
    copy[11] = (byte) checksum;
    return copy;
  }

  @Test
  void a_users_packet_leaves_the_tunnel_one_hop_older() {
    byte[] inner = withoutLinkHeader(fromUser().payload(700).bytes());
    send(gpdu(teid, inner));
    Decoded out = server.next();
    assertThat(withoutLinkHeader(out.bytes())).isEqualTo(hopLess(inner));
    assertThat(out.destinationMac()).isEqualTo("02:00:00:00:00:02");
    assertThat(server.receive()).isNull();
    assertThat(radio.receive()).isNull();
  }

  @Test
  void what_is_for_a_user_enters_the_tunnel_to_his_radio() {
    byte[] frame = toUser().payload(700).bytes();
    server.send(frame);
    world.run(Duration.ofSeconds(1));
    Decoded out = radio.next();
    assertThat(out.source()).isEqualTo(ACCESS);
    assertThat(out.destination()).isEqualTo(RADIO);
    assertThat(out.destinationPort()).isEqualTo(GTP);
    assertThat(out.sourcePort()).isBetween(49_152, 65_535);
    assertThat(out.tos()).as("DSCP of the inner packet, no ECN").isEqualTo(0xb8);
    byte[] inner = hopLess(withoutLinkHeader(frame));
    byte[] expected = gpdu(RADIO_TEID, inner);
    expected[13] = 0; // towards the user
    assertThat(out.payload()).isEqualTo(expected);
    assertThat(server.receive()).isNull();
  }

  @Test
  void an_independent_decoder_sees_the_tunnel_and_what_is_in_it(@TempDir Path folder)
      throws IOException {
    Lab.assumeInstalled("tshark");
    server.send(toUser().payload(100).bytes());
    world.run(Duration.ofSeconds(1));
    Path capture = folder.resolve("tunnel.pcap");
    byte[] frame = radio.receive();
    ByteBuffer file = ByteBuffer.allocate(40 + frame.length);
    file.putInt(0xa1b2c3d4).putShort((short) 2).putShort((short) 4).putInt(0).putInt(0);
    file.putInt(65_535).putInt(1).putInt(0).putInt(0).putInt(frame.length).putInt(frame.length);
    Files.write(capture, file.put(frame).array());
    Tshark tshark = new Tshark(capture);
    assertThat(
            tshark.show(
                "gtp.message == 0xff && gtp.teid == 0xaabbccdd && gtp.ext_hdr.pdu_ses_con.pdu_type"
                    + " == 0 && gtp.ext_hdr.pdu_ses_con.qos_flow_id == 9 && ip.dst == 10.45.0.7"))
        .hasSize(1);
    assertThat(tshark.show("_ws.malformed || ip.checksum.status == 0 || udp.checksum.status == 0"))
        .isEmpty();
  }

  @Test
  void a_packet_whose_hops_are_used_up_is_answered_through_the_tunnel() {
    byte[] inner = withoutLinkHeader(fromUser().ttl(1).payload(40).bytes());
    send(gpdu(teid, inner));
    assertThat(server.receive()).isNull();
    byte[] payload = radio.next().payload();
    byte[] answer = Arrays.copyOfRange(payload, 16, payload.length);
    assertThat(answer[9]).as("ICMP").isEqualTo((byte) 1);
    assertThat(answer[20]).as("time exceeded").isEqualTo((byte) 11);
  }

  @Test
  void a_tunnel_that_is_not_known_is_said() {
    send(gpdu(teid ^ 0x1000, withoutLinkHeader(fromUser().payload(10).bytes())));
    Decoded out = radio.next();
    assertThat(out.destinationPort()).isEqualTo(GTP);
    assertThat(out.payload()).startsWith(0x32, 26).endsWith(0x85, 0, 4, 10, 3, 0, 1);
    assertThat(shard.counters().get(DropReason.TUNNEL_UNKNOWN)).isOne();
    plane.close(teid);
    send(gpdu(teid, withoutLinkHeader(fromUser().payload(10).bytes())));
    assertThat(radio.next().payload()[1]).isEqualTo((byte) 26);
  }

  @Test
  void an_echo_is_answered_to_the_port_that_it_came_from() {
    send(HexFormat.of().parseHex("3201000400000000abcd0000"));
    Decoded out = radio.next();
    assertThat(out.destinationPort()).isEqualTo(2300);
    assertThat(HexFormat.of().formatHex(out.payload())).isEqualTo("3202000600000000abcd00000e00");
  }

  @Test
  void nobody_sends_in_another_users_name() {
    byte[] inner =
        withoutLinkHeader(
            PacketBuilder.udp().from("10.45.0.8", 1).to(SERVER, 2).payload(8).bytes());
    send(gpdu(teid, inner));
    assertThat(server.receive()).isNull();
    assertThat(shard.counters().get(DropReason.IP_BAD_SOURCE)).isOne();
  }

  @Test
  void inner_headers_are_checked_as_from_the_wire() {
    byte[] inner = withoutLinkHeader(fromUser().payload(8).bytes());
    inner[10] ^= 1;
    send(gpdu(teid, inner));
    assertThat(server.receive()).isNull();
    assertThat(shard.counters().get(DropReason.IP_BAD_CHECKSUM)).isOne();
    send(HexFormat.of().parseHex("30ff00"));
    assertThat(shard.counters().get(DropReason.TUNNEL_MALFORMED)).isOne();
  }

  @Test
  void what_is_too_big_for_the_tunnel_is_counted() {
    server.send(toUser().payload(1457 - 28).bytes());
    server.send(toUser().payload(1456 - 28).bytes());
    world.run(Duration.ofSeconds(1));
    assertThat(radio.drain()).hasSize(1);
    assertThat(shard.counters().get(DropReason.TUNNEL_TOO_BIG)).isOne();
  }

  @Test
  void a_tunnel_in_a_tunnel_in_a_tunnel_comes_to_an_end() {
    // To our own address, from the user: each layer comes in as a datagram for GTP-U's port.
    byte[] inner = withoutLinkHeader(fromUser().payload(8).bytes());
    for (int depth = 0; depth < 5; depth++) {
      inner =
          withoutLinkHeader(
              PacketBuilder.udp()
                  .from(USER, 2152)
                  .to(ACCESS, GTP)
                  .payload(gpdu(teid, inner))
                  .bytes());
    }
    send(gpdu(teid, inner));
    assertThat(server.receive()).isNull();
    assertThat(shard.counters().get(DropReason.IP_INJECTED_TOO_OFTEN)).isOne();
  }
}

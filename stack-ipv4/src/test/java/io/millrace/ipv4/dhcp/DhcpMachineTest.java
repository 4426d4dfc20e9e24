package io.millrace.ipv4.dhcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ipv4.dhcp.DhcpMachine.State;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** The client's states, timers and messages on a virtual clock (RFC 2131 §4.4). */
class DhcpMachineTest {
  private static final long SECOND = 1_000_000_000;
  private static final DhcpIdentity CLIENT = DhcpIdentity.of(0x02_00_00_00_00_01L, 0, "");

  private final FakeServer server = new FakeServer();
  private final DhcpMachine machine = new DhcpMachine(CLIENT, 1500, 0, new SplittableRandom(7));
  private final List<DhcpOutput> outputs = new ArrayList<>();
  private long now;

  /** What it wants done since the last call. */
  private List<DhcpOutput> outputs() {
    List<DhcpOutput> all = new ArrayList<>();
    for (DhcpOutput each; (each = machine.poll()) != null; ) {
      all.add(each);
    }
    outputs.addAll(all);
    return all;
  }

  private DhcpOutput.Send sent() {
    List<DhcpOutput> all = outputs();
    assertThat(all).hasSize(1);
    return (DhcpOutput.Send) all.get(0);
  }

  private byte[] message() {
    return sent().message();
  }

  private boolean reply(int type, byte[] request) {
    return machine.onMessage(server.reply(type, request), now);
  }

  private void sleep() {
    now = machine.nextDeadline();
    machine.onTimeout(now);
  }

  /** To a lease from time 0 on. */
  private DhcpLease bind() {
    machine.start(now);
    reply(FakeServer.OFFER, message());
    reply(FakeServer.ACK, message());
    assertThat(outputs().get(0)).isInstanceOf(DhcpOutput.Check.class);
    machine.onChecked(true, now);
    DhcpOutput.Bind bound = (DhcpOutput.Bind) outputs().get(0);
    return bound.lease();
  }

  // ---- getting an address ----

  @Test
  void discoverOfferRequestAckCheckBound() {
    machine.start(0);
    DhcpOutput.Send discover = sent();
    assertThat(discover.source()).isZero();
    assertThat(discover.destination()).isEqualTo(-1);
    assertThat(FakeServer.type(discover.message())).isEqualTo(FakeServer.DISCOVER);
    assertThat(discover.message()).hasSizeGreaterThanOrEqualTo(300);
    assertThat(FakeServer.option(discover.message(), 55)).contains(1, 3, 6, 15, 121);

    assertThat(reply(FakeServer.OFFER, discover.message())).isTrue();
    byte[] request = message();
    assertThat(FakeServer.type(request)).isEqualTo(FakeServer.REQUEST);
    assertThat(FakeServer.xid(request)).isEqualTo(FakeServer.xid(discover.message()));
    assertThat(FakeServer.addressOption(request, 50)).isEqualTo("10.0.0.17");
    assertThat(FakeServer.addressOption(request, 54)).isEqualTo("10.0.0.254");
    assertThat(FakeServer.clientAddress(request)).isEqualTo("0.0.0.0");

    assertThat(reply(FakeServer.ACK, request)).isTrue();
    assertThat(outputs()).hasOnlyElementsOfType(DhcpOutput.Check.class);
    machine.onChecked(true, 0);
    DhcpLease lease = ((DhcpOutput.Bind) outputs().get(0)).lease();
    assertThat(lease.prefix()).isEqualTo(IpPrefix.parse("10.0.0.17/24"));
    assertThat(lease.dns())
        .extracting(IpAddress::toString)
        .containsExactly("10.0.0.53", "10.0.0.54");
    assertThat(lease.routes())
        .containsExactly(
            new DhcpOptions.ClasslessRoute(
                IpPrefix.parse("0.0.0.0/0"), IpAddress.parse("10.0.0.254")));
    assertThat(machine.state()).isEqualTo(State.BOUND);
    assertThat(machine.nextDeadline()).isEqualTo(1800 * SECOND);
  }

  @Test
  void theClientIsKnownByAnIdentityThatLasts() {
    // RFC 4361 §6.1: type 255, IAID, DUID-LL of the link address.
    assertThat(CLIENT.id()).startsWith(255, 0, 0, 0, 0, 0, 3, 0, 1, 2).hasSize(15);
    machine.start(0);
    assertThat(FakeServer.option(message(), 61)).isEqualTo(CLIENT.id());
  }

  @Test
  void discoversAreRepeatedMoreAndMoreSlowly() {
    machine.start(0);
    List<Double> waits = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      outputs();
      long before = now;
      sleep();
      waits.add((now - before) / (double) SECOND);
    }
    double[] expected = {4, 8, 16, 32, 64, 64, 64};
    for (int i = 0; i < expected.length; i++) {
      assertThat(waits.get(i)).isBetween(expected[i] - 1, expected[i] + 1);
    }
    assertThat(FakeServer.type(message())).isEqualTo(FakeServer.DISCOVER);
  }

  @Test
  void aRequestThatIsNotAnsweredIsRepeatedAndThenAllBeginsAgain() {
    machine.start(0);
    reply(FakeServer.OFFER, message());
    for (int i = 0; i < 4; i++) {
      assertThat(FakeServer.type(message())).isEqualTo(FakeServer.REQUEST);
      sleep();
    }
    assertThat(FakeServer.type(message())).isEqualTo(FakeServer.DISCOVER);
    assertThat(now).isBetween(56 * SECOND, 64 * SECOND);
  }

  @Test
  void aRefusalBeginsAgainButNotAtOnce() {
    machine.start(0);
    reply(FakeServer.OFFER, message());
    assertThat(reply(FakeServer.NAK, message())).isTrue();
    assertThat(outputs()).isEmpty();
    sleep();
    assertThat(now).isBetween(3 * SECOND, 5 * SECOND);
    assertThat(FakeServer.type(message())).isEqualTo(FakeServer.DISCOVER);
  }

  @Test
  void anAddressThatSomebodyHasIsDeclined() {
    machine.start(0);
    reply(FakeServer.OFFER, message());
    reply(FakeServer.ACK, message());
    outputs();
    machine.onChecked(false, now);
    byte[] decline = message();
    assertThat(FakeServer.type(decline)).isEqualTo(FakeServer.DECLINE);
    assertThat(FakeServer.addressOption(decline, 50)).isEqualTo("10.0.0.17");
    assertThat(FakeServer.addressOption(decline, 54)).isEqualTo("10.0.0.254");
    assertThat(machine.nextDeadline() - now).isGreaterThanOrEqualTo(9 * SECOND);
    sleep();
    assertThat(FakeServer.type(message())).isEqualTo(FakeServer.DISCOVER);
  }

  // ---- what is not believed ----

  @Test
  void offersThatAreNotOursOrOfNoUseAreIgnored() {
    machine.start(0);
    byte[] discover = message();
    byte[] otherXid = discover.clone();
    otherXid[4] ^= 1;
    byte[] otherMac = discover.clone();
    otherMac[33] ^= 1;
    assertThat(reply(FakeServer.OFFER, otherXid)).isFalse();
    assertThat(reply(FakeServer.OFFER, otherMac)).isFalse();
    assertThat(reply(FakeServer.ACK, discover)).isFalse();
    for (String bad : List.of("0.0.0.0", "127.0.0.1", "224.0.0.1", "10.0.0.255", "10.0.0.0")) {
      server.address = bad;
      assertThat(reply(FakeServer.OFFER, discover)).as(bad).isFalse();
    }
    server.address = "10.0.0.17";
    server.seconds(51, 0);
    assertThat(reply(FakeServer.OFFER, discover)).isFalse();
    server.seconds(51, 60).option(61, 1, 2, 3);
    assertThat(reply(FakeServer.OFFER, discover)).as("RFC 6842").isFalse();
    assertThat(outputs()).isEmpty();
  }

  @Test
  void anotherServersAnswerIsIgnored() {
    machine.start(0);
    reply(FakeServer.OFFER, message());
    byte[] request = message();
    server.server = "10.0.0.66";
    assertThat(reply(FakeServer.ACK, request)).isFalse();
    assertThat(reply(FakeServer.NAK, request)).isFalse();
    assertThat(machine.state()).isEqualTo(State.REQUESTING);
  }

  // ---- keeping it ----

  @Test
  void atT1TheServerIsAskedAloneAndTheLeaseGoesOn() {
    DhcpLease first = bind();
    sleep();
    assertThat(now).isEqualTo(1800 * SECOND);
    DhcpOutput.Send renewal = sent();
    assertThat(renewal.destination()).isEqualTo(first.server());
    assertThat(FakeServer.clientAddress(renewal.message())).isEqualTo("10.0.0.17");
    assertThat(FakeServer.option(renewal.message(), 50)).isNull();
    assertThat(FakeServer.option(renewal.message(), 54)).isNull();

    now += SECOND;
    assertThat(reply(FakeServer.ACK, renewal.message())).isTrue();
    DhcpLease second = ((DhcpOutput.Bind) outputs().get(0)).lease();
    assertThat(second.expiresAt()).as("from when it was asked for").isEqualTo(5400 * SECOND);
    assertThat(machine.state()).isEqualTo(State.BOUND);
  }

  @Test
  void renewalIsTriedAtHalfOfWhatIsLeftThenEverybodyIsAskedAndThenItIsOver() {
    DhcpLease lease = bind();
    List<Long> toServer = new ArrayList<>();
    List<Long> toAll = new ArrayList<>();
    while (machine.state() != State.SELECTING) {
      sleep();
      for (DhcpOutput each : outputs()) {
        if (each instanceof DhcpOutput.Send send && machine.state() != State.SELECTING) {
          (send.destination() == -1 ? toAll : toServer).add(now / SECOND);
        }
      }
    }
    // T1 1800, T2 3150, end 3600.
    assertThat(toServer).startsWith(1800L, 2475L, 2812L, 2981L).doesNotContain(3150L);
    assertThat(toAll).startsWith(3150L, 3375L);
    assertThat(now).isEqualTo(3600 * SECOND);
    assertThat(outputs).contains(new DhcpOutput.Lose(lease));
  }

  @Test
  void whileRebindingAnyServerMayAnswer() {
    bind();
    while (machine.state() != State.REBINDING) {
      sleep();
    }
    List<DhcpOutput> all = outputs();
    server.server = "10.0.0.66";
    assertThat(reply(FakeServer.ACK, ((DhcpOutput.Send) all.getLast()).message())).isTrue();
    assertThat(machine.state()).isEqualTo(State.BOUND);
  }

  @Test
  void aRefusedRenewalEndsTheLeaseAtOnce() {
    DhcpLease lease = bind();
    sleep();
    reply(FakeServer.NAK, message());
    assertThat(outputs()).containsExactly(new DhcpOutput.Lose(lease));
    assertThat(machine.state()).isEqualTo(State.INIT);
  }

  @Test
  void aConflictThatDoesNotEndIsDeclined() {
    DhcpLease lease = bind();
    machine.onConflict(now);
    List<DhcpOutput> all = outputs();
    assertThat(all.get(0)).isEqualTo(new DhcpOutput.Lose(lease));
    assertThat(FakeServer.type(((DhcpOutput.Send) all.get(1)).message()))
        .isEqualTo(FakeServer.DECLINE);
  }

  @Test
  void aLeaseWithoutEndIsNotRenewed() {
    server.seconds(51, -1);
    bind();
    assertThat(machine.nextDeadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void whatIsReleasedIsGivenBackToItsServer() {
    DhcpLease lease = bind();
    machine.release();
    DhcpOutput.Send release = sent();
    assertThat(FakeServer.type(release.message())).isEqualTo(FakeServer.RELEASE);
    assertThat(release.destination()).isEqualTo(lease.server());
    assertThat(FakeServer.clientAddress(release.message())).isEqualTo("10.0.0.17");
    assertThat(machine.nextDeadline()).isEqualTo(Long.MAX_VALUE);
  }

  // ---- options ----

  @Test
  void timesThatMakeNoSenseAreReplaced() {
    server.seconds(51, 1000).seconds(58, 900).seconds(59, 2000);
    DhcpLease lease = bind();
    assertThat(lease.rebindAt()).isEqualTo(875 * SECOND);
    assertThat(lease.renewAt()).isEqualTo(500 * SECOND);
  }

  @Test
  void anOptionInSeveralPartsIsPutTogether() {
    machine.start(0);
    byte[] offer = server.without(6).reply(FakeServer.OFFER, message());
    byte[] split = java.util.Arrays.copyOf(offer, offer.length + 11);
    byte[] parts = {6, 3, 10, 0, 0, 6, 1, 99, 0, 0, (byte) 255};
    System.arraycopy(parts, 0, split, offer.length - 1, parts.length);
    DhcpMessage read = DhcpMessage.read(split, CLIENT);
    assertThat(read.options().addresses(DhcpOptions.DNS))
        .containsExactly(IpAddress.parse("10.0.0.99"));
  }

  @Test
  void optionsGoOnInTheFieldsOfFileAndServerName() {
    machine.start(0);
    byte[] offer = server.without(6).without(3).option(52, 3).reply(FakeServer.OFFER, message());
    byte[] dns = {6, 4, 10, 0, 0, 53, (byte) 255};
    byte[] router = {3, 4, 10, 0, 0, 1, (byte) 255};
    System.arraycopy(dns, 0, offer, 108, dns.length);
    System.arraycopy(router, 0, offer, 44, router.length);
    DhcpLease lease = DhcpLease.of(DhcpMessage.read(offer, CLIENT), 0);
    assertThat(lease.dns()).containsExactly(IpAddress.parse("10.0.0.53"));
    assertThat(lease.routes().get(0).via()).isEqualTo(IpAddress.parse("10.0.0.1"));
  }

  @Test
  void classlessRoutesTakeThePlaceOfTheRouter() {
    server.option(121, 0, 10, 0, 0, 7, 24, 192, 0, 2, 10, 0, 0, 8);
    assertThat(bind().routes())
        .containsExactly(
            new DhcpOptions.ClasslessRoute(
                IpPrefix.parse("0.0.0.0/0"), IpAddress.parse("10.0.0.7")),
            new DhcpOptions.ClasslessRoute(
                IpPrefix.parse("192.0.2.0/24"), IpAddress.parse("10.0.0.8")));
  }

  @Test
  void withoutAMaskTheClassOfTheAddressCounts() {
    server.without(1);
    assertThat(bind().prefix().length()).isEqualTo(8);
  }

  /** Whatever comes: no exception, one deadline at most in the future, outputs that end. */
  @Property(tries = 2_000)
  void noMessageBreaksTheMachine(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    DhcpMachine any = new DhcpMachine(CLIENT, 1500, SECOND, random);
    long time = 0;
    byte[] last = new byte[300];
    any.start(time);
    for (int i = 0; i < 40; i++) {
      int polled = 0;
      for (DhcpOutput each; (each = any.poll()) != null; polled++) {
        assertThat(polled).isLessThan(4);
        if (each instanceof DhcpOutput.Send send) {
          last = send.message();
        } else if (each instanceof DhcpOutput.Check) {
          any.onChecked(random.nextBoolean(), time);
        }
      }
      if (random.nextInt(3) == 0 && any.nextDeadline() != Long.MAX_VALUE) {
        time = Math.max(time, any.nextDeadline());
        any.onTimeout(time);
        assertThat(any.nextDeadline()).isGreaterThan(time);
      } else {
        int[] types = {FakeServer.OFFER, FakeServer.ACK, FakeServer.NAK};
        byte[] reply = server.reply(types[random.nextInt(3)], last);
        reply =
            java.util.Arrays.copyOf(reply, reply.length - random.nextInt(3) * random.nextInt(40));
        for (int k = random.nextInt(4); k > 0; k--) {
          reply[random.nextInt(reply.length)] = (byte) random.nextInt();
        }
        any.onMessage(reply, time);
      }
    }
  }
}

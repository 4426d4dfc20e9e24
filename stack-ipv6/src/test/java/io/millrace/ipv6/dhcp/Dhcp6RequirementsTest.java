package io.millrace.ipv6.dhcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ipv6.dhcp.Dhcp6Machine.State;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What RFC 8415 demands of a client, exchange by exchange, on a virtual clock. */
class Dhcp6RequirementsTest {
  private static final long SECOND = 1_000_000_000;
  private static final byte[] DUID = Dhcp6Wishes.duid(0x02_00_00_00_00_01L);
  private static final byte[] OTHER = {0, 3, 0, 1, 8, 8, 8, 8, 8, 8};
  private static final IpAddress ADDRESS = IpAddress.parse("2001:db8::17");
  private static final String PREFIX = "2001:db8:100::/56";

  private final FakeServer6 server = new FakeServer6();
  private Dhcp6Machine machine = client(true, 0);
  private long now = SECOND;

  private static Dhcp6Machine client(boolean addresses, int prefixLength) {
    return new Dhcp6Machine(
        new Dhcp6Wishes(DUID, 0, addresses, prefixLength, false), new SplittableRandom(3));
  }

  private List<Dhcp6Output> outputs() {
    List<Dhcp6Output> all = new ArrayList<>();
    for (Dhcp6Output each; (each = machine.poll()) != null; ) {
      all.add(each);
    }
    return all;
  }

  /** The last message that was sent, which is of a type. */
  private byte[] sent(int type) {
    byte[] message = ((Dhcp6Output.Send) outputs().getLast()).message();
    assertThat(message[0]).isEqualTo((byte) type);
    return message;
  }

  private void sleep() {
    now = machine.nextDeadline();
    machine.onTimeout(now);
  }

  private boolean reply(int type, byte[] request) {
    return machine.onMessage(server.reply(type, request), now);
  }

  private Dhcp6Binding binding() {
    return outputs().stream()
        .filter(Dhcp6Output.Bind.class::isInstance)
        .map(each -> ((Dhcp6Output.Bind) each).binding())
        .reduce((_, last) -> last)
        .orElseThrow();
  }

  private byte[] solicit() {
    machine.start(now);
    sleep();
    return sent(Dhcp6Message.SOLICIT);
  }

  private byte[] request() {
    assertThat(reply(Dhcp6Message.ADVERTISE, solicit())).isTrue();
    sleep();
    return sent(Dhcp6Message.REQUEST);
  }

  private Dhcp6Binding bind() {
    assertThat(reply(Dhcp6Message.REPLY, request())).isTrue();
    return binding();
  }

  private static List<Integer> requested(byte[] message) {
    ByteBuffer codes =
        ByteBuffer.wrap(Dhcp6Message.read(message).value(Dhcp6Message.OPTION_REQUEST));
    List<Integer> all = new ArrayList<>();
    while (codes.hasRemaining()) {
      all.add((int) codes.getShort());
    }
    return all;
  }

  private static int elapsed(byte[] message) {
    return ByteBuffer.wrap(Dhcp6Message.read(message).value(Dhcp6Message.ELAPSED)).getShort();
  }

  // ---- who we are ----

  @Test
  @Tag("rfc8415:11-1")
  @Tag("rfc8415:12-1")
  void identifiersAreTheSameAfterARestart() {
    assertThat(Dhcp6Wishes.duid(0x02_00_00_00_00_01L))
        .containsExactly(0, 3, 0, 1, 2, 0, 0, 0, 0, 1);
    UUID uuid = new UUID(0x0102030405060708L, 0x090a0b0c0d0e0f10L);
    assertThat(Dhcp6Wishes.duid(uuid))
        .containsExactly(0, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
    byte[] first = solicit();
    machine = client(true, 0);
    byte[] second = solicit();
    assertThat(Dhcp6Message.read(second).value(Dhcp6Message.CLIENT_ID)).isEqualTo(DUID);
    assertThat(Dhcp6Message.read(second).value(Dhcp6Message.IA_NA))
        .isEqualTo(Dhcp6Message.read(first).value(Dhcp6Message.IA_NA));
  }

  // ---- Solicit ----

  @Test
  @Tag("rfc8415:18.2.1-1")
  void theFirstSolicitWaitsForUpToASecondByChance() {
    List<Long> delays = new ArrayList<>();
    for (int seed = 0; seed < 50; seed++) {
      machine =
          new Dhcp6Machine(new Dhcp6Wishes(DUID, 0, true, 0, false), new SplittableRandom(seed));
      machine.start(now);
      delays.add(machine.nextDeadline() - now);
    }
    assertThat(delays).allSatisfy(each -> assertThat(each).isBetween(0L, SECOND));
    assertThat(delays).doesNotHaveDuplicates();
  }

  @Test
  @Tag("rfc8415:18.2.1-2")
  @Tag("rfc8415:21.9-1")
  void aSolicitSaysWhoForHowLongAndWhatFor() {
    byte[] first = solicit();
    Dhcp6Message read = Dhcp6Message.read(first);
    assertThat(read.value(Dhcp6Message.CLIENT_ID)).isEqualTo(DUID);
    assertThat(read.has(Dhcp6Message.SERVER_ID)).isFalse();
    assertThat(read.association(Dhcp6Message.IA_NA, 0)).isNotNull();
    assertThat(requested(first)).containsExactly(23, 24, 82);
    assertThat(elapsed(first)).isZero();
    long begun = now;
    sleep();
    assertThat(elapsed(sent(Dhcp6Message.SOLICIT))).isEqualTo((int) ((now - begun) / 10_000_000));
  }

  @Test
  @Tag("rfc8415:18.2.9-2")
  @Tag("rfc8415:21.24-1")
  void solMaxRtCountsEvenInARefusal() {
    byte[] solicit = solicit();
    server.status = 2;
    assertThat(machine.onMessage(server.number(82, 60).reply(2, solicit), now)).isFalse();
    long before = now;
    for (int i = 0; i < 12; i++) {
      before = now;
      sleep();
    }
    assertThat(now - before).isBetween(54 * SECOND, 66 * SECOND);
  }

  @Test
  @Tag("rfc8415:21.24-1")
  void solMaxRtOutOfRangeIsIgnored() {
    byte[] solicit = solicit();
    server.status = 2;
    machine.onMessage(server.number(82, 59).reply(2, solicit), now);
    machine.onMessage(server.plain().number(82, 86_401).reply(2, solicit), now);
    long before = now;
    for (int i = 0; i < 16; i++) {
      before = now;
      sleep();
    }
    assertThat(now - before).isBetween(3_240 * SECOND, 3_960 * SECOND);
  }

  @Test
  @Tag("rfc8415:18.2.1-6")
  void aReplyWithoutRapidCommitToASolicitIsDiscarded() {
    machine = new Dhcp6Machine(Dhcp6Wishes.of(1, 0), new SplittableRandom(3));
    byte[] solicit = solicit();
    assertThat(reply(Dhcp6Message.REPLY, solicit)).isFalse();
    assertThat(machine.state()).isEqualTo(State.SOLICITING);
    server.option(Dhcp6Message.RAPID_COMMIT);
    assertThat(reply(Dhcp6Message.REPLY, solicit)).isTrue();
  }

  // ---- what is taken ----

  @Test
  @Tag("rfc8415:16.3-1")
  @Tag("rfc8415:16.10-1")
  void messagesOfOthersOrWithoutIdentifiersAreDiscarded() {
    byte[] solicit = solicit();
    byte[] good = server.reply(Dhcp6Message.ADVERTISE, solicit);
    byte[] otherTransaction = good.clone();
    otherTransaction[3] ^= 1;
    assertThat(machine.onMessage(otherTransaction, now)).isFalse();
    byte[] otherClient = good.clone();
    otherClient[4 + 4 + 9] ^= 1;
    assertThat(machine.onMessage(otherClient, now)).isFalse();
    byte[] noClient = good.clone();
    noClient[5] = 99;
    assertThat(machine.onMessage(noClient, now)).isFalse();
    byte[] noServer = good.clone();
    noServer[4 + 14 + 1] = 99;
    assertThat(machine.onMessage(noServer, now)).isFalse();
    assertThat(machine.onMessage(good, now)).isTrue();
  }

  @Test
  @Tag("rfc8415:16-1")
  void messagesThatOnlyServersTakeAreDiscarded() {
    byte[] solicit = solicit();
    for (int type : new int[] {1, 3, 4, 5, 6, 8, 9, 11, 12, 13, 0, 99}) {
      assertThat(reply(type, solicit)).as("type %d", type).isFalse();
    }
  }

  @Test
  @Tag("rfc8415:16.11-1")
  @Tag("rfc8415:18.2.11-1")
  void reconfigureIsNeitherInvitedNorAccepted() {
    byte[] request = request();
    assertThat(Dhcp6Message.read(request).has(20)).as("Reconfigure Accept").isFalse();
    assertThat(reply(Dhcp6Message.REPLY, request)).isTrue();
    byte[] reconfigure = server.option(19, 5).reply(10, request);
    reconfigure[1] = 0;
    reconfigure[2] = 0;
    reconfigure[3] = 0;
    assertThat(machine.onMessage(reconfigure, now)).isFalse();
    assertThat(machine.state()).isEqualTo(State.BOUND);
  }

  @Test
  @Tag("rfc8415:21.4-1")
  @Tag("rfc8415:21.6-1")
  void associationsWhoseTimesMakeNoSenseAreDiscarded() {
    byte[] solicit = solicit();
    server.t1 = 900;
    server.t2 = 800;
    assertThat(reply(Dhcp6Message.ADVERTISE, solicit)).isFalse();
    server.t1 = 0;
    server.t2 = 0;
    server.preferred = 4_000;
    assertThat(reply(Dhcp6Message.ADVERTISE, solicit)).isFalse();
    server.preferred = 1_000;
    assertThat(reply(Dhcp6Message.ADVERTISE, solicit)).isTrue();
  }

  // ---- Request ----

  @Test
  @Tag("rfc8415:18.2.2-1")
  void aRequestNamesTheServerAndAsksForWhatItHasOffered() {
    byte[] request = request();
    Dhcp6Message read = Dhcp6Message.read(request);
    assertThat(read.value(Dhcp6Message.SERVER_ID)).isEqualTo(server.duid);
    assertThat(read.value(Dhcp6Message.CLIENT_ID)).isEqualTo(DUID);
    assertThat(requested(request)).contains(82);
    assertThat(elapsed(request)).isZero();
    List<Dhcp6Message.Option> inside = read.association(Dhcp6Message.IA_NA, 0).entries();
    assertThat(inside).hasSize(1);
    assertThat(ByteBuffer.wrap(inside.getFirst().value()).getLong()).isEqualTo(ADDRESS.hi());
  }

  @Test
  @Tag("rfc8415:18.2.10.1-5")
  void aServerThatFailsIsNotAskedAgainAtOnce() {
    byte[] request = request();
    server.option(Dhcp6Message.STATUS, 0, 1);
    assertThat(reply(Dhcp6Message.REPLY, request)).isTrue();
    assertThat(outputs()).isEmpty();
    assertThat(machine.nextDeadline()).isGreaterThanOrEqualTo(now + SECOND);
    assertThat(machine.state()).isEqualTo(State.SOLICITING);
  }

  // ---- Renew and Rebind ----

  @Test
  @Tag("rfc8415:18.2.4-1")
  @Tag("rfc8415:18.2.5-1")
  void theTimesOfTheServerCount() {
    server.t1 = 100;
    server.t2 = 200;
    Dhcp6Binding binding = bind();
    assertThat(binding.renewAt() - now).isEqualTo(100 * SECOND);
    assertThat(binding.rebindAt() - now).isEqualTo(200 * SECOND);
    sleep();
    Dhcp6Message renew = Dhcp6Message.read(sent(Dhcp6Message.RENEW));
    assertThat(renew.value(Dhcp6Message.SERVER_ID)).isEqualTo(server.duid);
    assertThat(renew.association(Dhcp6Message.IA_NA, 0).entries()).hasSize(1);
    while (machine.state() == State.RENEWING) {
      sleep();
    }
    Dhcp6Message rebind = Dhcp6Message.read(sent(Dhcp6Message.REBIND));
    assertThat(rebind.has(Dhcp6Message.SERVER_ID)).isFalse();
    assertThat(rebind.association(Dhcp6Message.IA_NA, 0).entries()).hasSize(1);
  }

  @Test
  @Tag("rfc8415:21.4-2")
  void whatIsGrantedForEverIsNeverAskedForAgain() {
    server.valid = 0xffff_ffffL;
    server.preferred = 0xffff_ffffL;
    assertThat(bind().expiresAt()).isEqualTo(Long.MAX_VALUE);
    assertThat(machine.nextDeadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  @Tag("rfc8415:18.2.10.1-2")
  void whatAReplyDoesNotSpeakOfStaysAsItWas() {
    machine = client(true, 56);
    server.prefix = PREFIX;
    Dhcp6Binding first = bind();
    assertThat(first.prefixes()).hasSize(1);
    sleep();
    byte[] renew = sent(Dhcp6Message.RENEW);
    server.prefix = null;
    server.address = "2001:db8::18";
    assertThat(reply(Dhcp6Message.REPLY, renew)).isTrue();
    Dhcp6Binding second = binding();
    assertThat(second.prefixes()).isEqualTo(first.prefixes());
    assertThat(second.addresses())
        .extracting(Dhcp6Binding.Address::address)
        .containsExactly(ADDRESS, IpAddress.parse("2001:db8::18"));
    assertThat(second.addresses().getFirst()).isEqualTo(first.addresses().getFirst());
  }

  @Test
  @Tag("rfc8415:18.2.10.1-3")
  void whatHasAValidLifetimeOfZeroIsGone() {
    Dhcp6Binding first = bind();
    sleep();
    byte[] renew = sent(Dhcp6Message.RENEW);
    server.valid = 0;
    server.preferred = 0;
    assertThat(reply(Dhcp6Message.REPLY, renew)).isTrue();
    assertThat(outputs()).containsExactly(new Dhcp6Output.Lose(first));
    assertThat(machine.state()).isEqualTo(State.SOLICITING);
  }

  @Test
  @Tag("rfc8415:18.2.10.1-4")
  void aServerThatKnowsNothingOfUsIsRequestedTheSameAgain() {
    bind();
    sleep();
    byte[] renew = sent(Dhcp6Message.RENEW);
    server.status = Dhcp6Message.NO_BINDING;
    assertThat(reply(Dhcp6Message.REPLY, renew)).isTrue();
    byte[] request = sent(Dhcp6Message.REQUEST);
    assertThat(Dhcp6Message.read(request).association(Dhcp6Message.IA_NA, 0).entries()).hasSize(1);
    server.status = 0;
    assertThat(reply(Dhcp6Message.REPLY, request)).isTrue();
    assertThat(binding().addresses()).hasSize(1);
  }

  // ---- Confirm ----

  @Test
  @Tag("rfc8415:18.2.3-1")
  @Tag("rfc8415:18.2.3-2")
  @Tag("rfc8415:18.2.12-1")
  void afterAChangeOfTheLinkItIsAskedWhetherTheAddressesFit() {
    bind();
    machine.onLinkChange(now);
    assertThat(machine.nextDeadline() - now).isBetween(0L, SECOND);
    sleep();
    Dhcp6Message confirm = Dhcp6Message.read(sent(Dhcp6Message.CONFIRM));
    assertThat(confirm.value(Dhcp6Message.CLIENT_ID)).isEqualTo(DUID);
    assertThat(confirm.has(Dhcp6Message.SERVER_ID)).isFalse();
    assertThat(confirm.has(Dhcp6Message.ELAPSED)).isTrue();
    Dhcp6Message.Association inside = confirm.association(Dhcp6Message.IA_NA, 0);
    assertThat(inside.t1() + inside.t2()).isZero();
    assertThat(ByteBuffer.wrap(inside.entries().getFirst().value()).getLong(16)).isZero();
  }

  @Test
  @Tag("rfc8415:18.2.10.2-1")
  void addressesThatDoNotFitTheLinkAreGivenUp() {
    Dhcp6Binding first = bind();
    machine.onLinkChange(now);
    sleep();
    byte[] confirm = sent(Dhcp6Message.CONFIRM);
    server.address = null;
    server.option(Dhcp6Message.STATUS, 0, Dhcp6Message.NOT_ON_LINK);
    assertThat(reply(Dhcp6Message.REPLY, confirm)).isTrue();
    assertThat(outputs()).containsExactly(new Dhcp6Output.Lose(first));
    sleep();
    sent(Dhcp6Message.SOLICIT);
  }

  @Test
  @Tag("rfc8415:18.2.3-3")
  void addressesThatAServerConfirmsOrNobodyDeniesAreUsedOn() {
    Dhcp6Binding first = bind();
    machine.onLinkChange(now);
    sleep();
    server.address = null;
    assertThat(reply(Dhcp6Message.REPLY, sent(Dhcp6Message.CONFIRM))).isTrue();
    assertThat(machine.nextDeadline()).isEqualTo(first.renewAt());

    long before = now;
    machine.onLinkChange(now);
    while (machine.state() == State.CONFIRMING) {
      sleep();
    }
    assertThat(now - before).isBetween(10 * SECOND, 11 * SECOND);
    assertThat(machine.state()).isEqualTo(State.BOUND);
    assertThat(outputs()).hasOnlyElementsOfType(Dhcp6Output.Send.class);
    assertThat(machine.nextDeadline()).isEqualTo(first.renewAt());
  }

  @Test
  @Tag("rfc8415:18.2.12-2")
  void prefixesAreRebound() {
    machine = client(false, 56);
    server.prefix = PREFIX;
    server.address = null;
    Dhcp6Binding first = bind();
    machine.onLinkChange(now);
    sleep();
    sent(Dhcp6Message.REBIND);
    while (machine.state() == State.REBINDING) {
      sleep();
    }
    assertThat(machine.state()).isEqualTo(State.BOUND);
    assertThat(machine.nextDeadline()).isEqualTo(first.renewAt());
    machine.onLinkChange(now);
    sleep();
    assertThat(reply(Dhcp6Message.REPLY, sent(Dhcp6Message.REBIND))).isTrue();
    assertThat(binding().prefixes())
        .extracting(Dhcp6Binding.Prefix::prefix)
        .containsExactly(IpPrefix.parse(PREFIX));
  }

  // ---- Decline and Release ----

  @Test
  @Tag("rfc8415:18.2.8-1")
  void aDeclineNamesServerAndAddressAndIsRepeatedFourTimesAtMost() {
    bind();
    machine.onDuplicate(ADDRESS, now);
    Dhcp6Message decline = Dhcp6Message.read(sent(Dhcp6Message.DECLINE));
    assertThat(decline.value(Dhcp6Message.SERVER_ID)).isEqualTo(server.duid);
    assertThat(decline.association(Dhcp6Message.IA_NA, 0).entries()).hasSize(1);
    int declines = 1;
    while (machine.state() == State.RETURNING) {
      sleep();
      declines += outputs().size();
    }
    assertThat(declines).isEqualTo(4);
  }

  @Test
  @Tag("rfc8415:18.2.7-1")
  @Tag("rfc8415:18.2.7-2")
  @Tag("rfc8415:18.2.10.3-1")
  void whatIsReleasedIsNotUsedAnyMoreAndAnyAnswerWillDo() {
    Dhcp6Binding first = bind();
    machine.release(now);
    List<Dhcp6Output> all = outputs();
    assertThat(all.getFirst()).isEqualTo(new Dhcp6Output.Lose(first));
    byte[] release = ((Dhcp6Output.Send) all.get(1)).message();
    Dhcp6Message read = Dhcp6Message.read(release);
    assertThat(read.type()).isEqualTo(Dhcp6Message.RELEASE);
    assertThat(read.value(Dhcp6Message.SERVER_ID)).isEqualTo(server.duid);
    assertThat(read.association(Dhcp6Message.IA_NA, 0).entries()).hasSize(1);
    server.option(Dhcp6Message.STATUS, 0, Dhcp6Message.NO_BINDING);
    assertThat(reply(Dhcp6Message.REPLY, release)).isTrue();
    assertThat(machine.state()).isEqualTo(State.IDLE);
  }

  // ---- Information-request ----

  @Test
  @Tag("rfc8415:18.2.6-1")
  @Tag("rfc8415:18.2.6-2")
  void whoWantsNoAddressAsksForTheRestAfterARandomDelay() {
    machine = client(false, 0);
    machine.start(now);
    assertThat(machine.nextDeadline() - now).isBetween(0L, SECOND);
    sleep();
    byte[] message = sent(Dhcp6Message.INFORMATION_REQUEST);
    assertThat(requested(message)).containsExactly(23, 24, 32, 83);
    assertThat(Dhcp6Message.read(message).has(Dhcp6Message.ELAPSED)).isTrue();
    assertThat(Dhcp6Message.read(message).has(Dhcp6Message.SERVER_ID)).isFalse();
    assertThat(Dhcp6Message.read(message).has(Dhcp6Message.IA_NA)).isFalse();
  }

  @Test
  @Tag("rfc8415:21.23-1")
  @Tag("rfc8415:21.25-1")
  void theAnswerIsRefreshedWhenTheServerSays() {
    machine = client(false, 0);
    machine.start(now);
    sleep();
    server.address = null;
    for (long[] saidAndMeant : new long[][] {{0, 86_400}, {7_200, 7_200}, {5, 600}}) {
      server.plain().number(83, 120);
      if (saidAndMeant[0] != 0) {
        server.number(32, saidAndMeant[0]);
      }
      assertThat(reply(Dhcp6Message.REPLY, sent(Dhcp6Message.INFORMATION_REQUEST))).isTrue();
      outputs();
      assertThat(machine.nextDeadline() - now).isEqualTo(saidAndMeant[1] * SECOND);
      sleep();
    }
    // INF_MAX_RT holds from now on.
    long before = now;
    for (int i = 0; i < 12; i++) {
      before = now;
      sleep();
    }
    assertThat(now - before).isBetween(108 * SECOND, 132 * SECOND);
    server.plain().number(32, 0xffff_ffffL);
    assertThat(reply(Dhcp6Message.REPLY, sent(Dhcp6Message.INFORMATION_REQUEST))).isTrue();
    assertThat(machine.nextDeadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  @Tag("rfc8415:18.2.1-5")
  void afterTheFirstWaitTheFirstServerIsTaken() {
    solicit();
    sleep();
    byte[] again = sent(Dhcp6Message.SOLICIT);
    server.duid = OTHER;
    assertThat(reply(Dhcp6Message.ADVERTISE, again)).isTrue();
    assertThat(Dhcp6Message.read(sent(Dhcp6Message.REQUEST)).value(Dhcp6Message.SERVER_ID))
        .isEqualTo(OTHER);
  }
}

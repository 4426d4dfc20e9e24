package io.millrace.ipv6.dhcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ipv6.dhcp.Dhcp6Machine.State;
import io.millrace.ipv6.dhcp.Dhcp6Message.Option;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The client's exchanges on a virtual clock (RFC 8415 §18.2). */
class Dhcp6MachineTest {
  private static final long SECOND = 1_000_000_000;
  private static final IpAddress ADDRESS = IpAddress.parse("2001:db8::17");
  private static final byte[] SERVER = {0, 3, 0, 1, 9, 9, 9, 9, 9, 9};
  private static final byte[] OTHER = {0, 3, 0, 1, 8, 8, 8, 8, 8, 8};
  private static final Dhcp6Wishes PLAIN =
      new Dhcp6Wishes(Dhcp6Wishes.duid(0x02_00_00_00_00_01L), 0, true, 0, false);

  private Dhcp6Machine machine = new Dhcp6Machine(PLAIN, new SplittableRandom(3));
  private byte[] server = SERVER;
  private int valid = 3_600;
  private long now;

  private List<Dhcp6Output> outputs() {
    List<Dhcp6Output> all = new ArrayList<>();
    for (Dhcp6Output each; (each = machine.poll()) != null; ) {
      all.add(each);
    }
    return all;
  }

  private byte[] sent(int type) {
    List<Dhcp6Output> all = outputs();
    byte[] message = ((Dhcp6Output.Send) all.getLast()).message();
    assertThat(message[0]).isEqualTo((byte) type);
    return message;
  }

  private void sleep() {
    now = machine.nextDeadline();
    machine.onTimeout(now);
  }

  private Dhcp6Message.Writer answer(int type, byte[] request) {
    Dhcp6Message read = Dhcp6Message.read(request);
    return new Dhcp6Message.Writer(type, read.transaction())
        .option(Dhcp6Message.CLIENT_ID, read.value(Dhcp6Message.CLIENT_ID))
        .option(Dhcp6Message.SERVER_ID, server);
  }

  private Dhcp6Message.Writer withAddress(Dhcp6Message.Writer writer) {
    byte[] value =
        ByteBuffer.allocate(24)
            .putLong(ADDRESS.hi())
            .putLong(ADDRESS.lo())
            .putInt(valid)
            .putInt(valid)
            .array();
    return writer.association(
        Dhcp6Message.IA_NA, 0, List.of(new Option(Dhcp6Message.IA_ADDRESS, value)));
  }

  private boolean reply(int type, byte[] request) {
    return machine.onMessage(withAddress(answer(type, request)).end(), now);
  }

  private Dhcp6Binding bind() {
    machine.start(now);
    sleep();
    assertThat(reply(Dhcp6Message.ADVERTISE, sent(Dhcp6Message.SOLICIT))).isTrue();
    sleep();
    assertThat(reply(Dhcp6Message.REPLY, sent(Dhcp6Message.REQUEST))).isTrue();
    return ((Dhcp6Output.Bind) outputs().get(0)).binding();
  }

  @Test
  void solicitAdvertiseRequestReply() {
    Dhcp6Binding binding = bind();
    assertThat(binding.addresses()).extracting(a -> a.address()).containsExactly(ADDRESS);
    assertThat(machine.state()).isEqualTo(State.BOUND);
    // T1 and T2 were left to us: half and four fifths.
    assertThat(binding.renewAt() - now).isEqualTo(1_800 * SECOND);
    assertThat(binding.rebindAt() - now).isEqualTo(2_880 * SECOND);
    assertThat(binding.expiresAt() - now).isEqualTo(3_600 * SECOND);
  }

  @Test
  void theRequestNamesTheServerAndTheAddress() {
    machine.start(0);
    sleep();
    reply(Dhcp6Message.ADVERTISE, sent(Dhcp6Message.SOLICIT));
    sleep();
    Dhcp6Message request = Dhcp6Message.read(sent(Dhcp6Message.REQUEST));
    assertThat(request.value(Dhcp6Message.SERVER_ID)).isEqualTo(SERVER);
    assertThat(request.has(Dhcp6Message.ELAPSED)).isTrue();
    assertThat(request.association(Dhcp6Message.IA_NA, 0).entries()).hasSize(1);
  }

  @Test
  @Tag("rfc8415:18.2.1-4")
  void theServerThatPrefersItselfMostIsChosen() {
    machine.start(0);
    sleep();
    byte[] solicit = sent(Dhcp6Message.SOLICIT);
    reply(Dhcp6Message.ADVERTISE, solicit);
    server = OTHER;
    byte[] better =
        withAddress(
                answer(Dhcp6Message.ADVERTISE, solicit).option(Dhcp6Message.PREFERENCE, (byte) 9))
            .end();
    assertThat(machine.onMessage(better, now)).isTrue();
    assertThat(outputs()).as("the first wait goes on").isEmpty();
    sleep();
    assertThat(Dhcp6Message.read(sent(Dhcp6Message.REQUEST)).value(Dhcp6Message.SERVER_ID))
        .isEqualTo(OTHER);
  }

  @Test
  @Tag("rfc8415:18.2.1-4")
  @Tag("rfc8415:18.2.1-5")
  void theHighestPreferenceEndsTheWaitAndSoDoesAnyServerLater() {
    machine.start(0);
    sleep();
    byte[] best =
        withAddress(
                answer(Dhcp6Message.ADVERTISE, sent(Dhcp6Message.SOLICIT))
                    .option(Dhcp6Message.PREFERENCE, (byte) 255))
            .end();
    machine.onMessage(best, now);
    sent(Dhcp6Message.REQUEST);

    machine = new Dhcp6Machine(PLAIN, new SplittableRandom(4));
    machine.start(now);
    sleep();
    sleep();
    reply(Dhcp6Message.ADVERTISE, sent(Dhcp6Message.SOLICIT));
    sent(Dhcp6Message.REQUEST);
  }

  @Test
  void withRapidCommitTheFirstReplyBinds() {
    machine = new Dhcp6Machine(Dhcp6Wishes.of(1, 0), new SplittableRandom(3));
    machine.start(0);
    sleep();
    byte[] solicit = sent(Dhcp6Message.SOLICIT);
    assertThat(reply(Dhcp6Message.REPLY, solicit)).as("without the option").isFalse();
    byte[] rapid =
        withAddress(answer(Dhcp6Message.REPLY, solicit).option(Dhcp6Message.RAPID_COMMIT)).end();
    assertThat(machine.onMessage(rapid, now)).isTrue();
    assertThat(outputs()).hasOnlyElementsOfType(Dhcp6Output.Bind.class);
  }

  @Test
  @Tag("rfc8415:15-1")
  @Tag("rfc8415:18.2.1-3")
  void solicitsAreRepeatedTwiceAsSlowlyEachTimeNeverSoonerThanTheFirstWait() {
    machine.start(0);
    sleep();
    long before = now;
    List<Double> waits = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      sleep();
      waits.add((now - before) / (double) SECOND);
      before = now;
    }
    assertThat(waits.get(0)).isBetween(1.0, 1.1);
    for (int i = 1; i < waits.size(); i++) {
      assertThat(waits.get(i) / waits.get(i - 1)).isBetween(1.9, 2.1);
    }
  }

  @Test
  @Tag("rfc8415:18.2.2-2")
  void aRequestIsRepeatedTenTimesAndThenServersAreLookedForAgain() {
    machine.start(0);
    sleep();
    reply(Dhcp6Message.ADVERTISE, sent(Dhcp6Message.SOLICIT));
    sleep();
    int requests = 0;
    while (machine.state() == State.REQUESTING) {
      requests += outputs().size();
      sleep();
    }
    assertThat(requests).isEqualTo(10);
    sleep();
    sent(Dhcp6Message.SOLICIT);
  }

  @Test
  @Tag("rfc8415:18.2.4-1")
  @Tag("rfc8415:18.2.5-1")
  @Tag("rfc8415:18.2.5-2")
  void theServerIsAskedAtT1EverybodyAtT2AndThenItIsOver() {
    Dhcp6Binding binding = bind();
    sleep();
    assertThat(now).isEqualTo(binding.renewAt());
    assertThat(Dhcp6Message.read(sent(Dhcp6Message.RENEW)).has(Dhcp6Message.SERVER_ID)).isTrue();
    while (machine.state() == State.RENEWING) {
      outputs();
      sleep();
    }
    assertThat(now).isEqualTo(binding.rebindAt());
    assertThat(Dhcp6Message.read(sent(Dhcp6Message.REBIND)).has(Dhcp6Message.SERVER_ID)).isFalse();
    while (machine.state() == State.REBINDING) {
      outputs();
      sleep();
    }
    assertThat(now).isEqualTo(binding.expiresAt());
    assertThat(outputs()).containsExactly(new Dhcp6Output.Lose(binding));
  }

  @Test
  void aReplyProlongsAndWhileRebindingAnyServersDoes() {
    Dhcp6Binding first = bind();
    sleep();
    byte[] renew = sent(Dhcp6Message.RENEW);
    server = OTHER;
    assertThat(reply(Dhcp6Message.REPLY, renew)).isFalse();
    while (machine.state() == State.RENEWING) {
      sleep();
    }
    assertThat(reply(Dhcp6Message.REPLY, sent(Dhcp6Message.REBIND))).isTrue();
    Dhcp6Binding second = ((Dhcp6Output.Bind) outputs().getLast()).binding();
    assertThat(second.expiresAt()).isGreaterThan(first.expiresAt());
  }

  @Test
  @Tag("rfc8415:18.2.8-1")
  void aDuplicateIsDeclinedAndAnotherAddressAskedFor() {
    Dhcp6Binding binding = bind();
    machine.onDuplicate(ADDRESS, now);
    List<Dhcp6Output> all = outputs();
    assertThat(all.get(0)).isEqualTo(new Dhcp6Output.Lose(binding));
    byte[] decline = ((Dhcp6Output.Send) all.get(1)).message();
    assertThat(decline[0]).isEqualTo((byte) Dhcp6Message.DECLINE);
    assertThat(machine.onMessage(answer(Dhcp6Message.REPLY, decline).end(), now)).isTrue();
    sleep();
    sent(Dhcp6Message.SOLICIT);
  }

  @Test
  @Tag("rfc8415:18.2.7-3")
  void whatIsReleasedIsRepeatedFourTimesAtMost() {
    bind();
    machine.release(now);
    int releases = 0;
    while (machine.state() == State.RETURNING) {
      releases += (int) outputs().stream().filter(Dhcp6Output.Send.class::isInstance).count();
      sleep();
    }
    assertThat(releases).isEqualTo(4);
    assertThat(machine.nextDeadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void aPrefixIsDelegated() {
    Dhcp6Wishes wishes = new Dhcp6Wishes(PLAIN.duid(), 0, false, 56, false);
    machine = new Dhcp6Machine(wishes, new SplittableRandom(5));
    machine.start(0);
    sleep();
    byte[] solicit = sent(Dhcp6Message.SOLICIT);
    assertThat(Dhcp6Message.read(solicit).has(Dhcp6Message.IA_NA)).isFalse();
    IpPrefix given = IpPrefix.parse("2001:db8:100::/56");
    byte[] value =
        ByteBuffer.allocate(25)
            .putInt(100)
            .putInt(200)
            .put((byte) 56)
            .putLong(given.address().hi())
            .putLong(0)
            .array();
    List<Option> inside = List.of(new Option(Dhcp6Message.IA_PREFIX, value));
    machine.onMessage(
        answer(Dhcp6Message.ADVERTISE, solicit).association(Dhcp6Message.IA_PD, 0, inside).end(),
        now);
    sleep();
    byte[] request = sent(Dhcp6Message.REQUEST);
    machine.onMessage(
        answer(Dhcp6Message.REPLY, request).association(Dhcp6Message.IA_PD, 0, inside).end(), now);
    Dhcp6Binding binding = ((Dhcp6Output.Bind) outputs().get(0)).binding();
    assertThat(binding.prefixes()).extracting(p -> p.prefix()).containsExactly(given);
    assertThat(binding.expiresAt() - now).isEqualTo(200 * SECOND);
  }

  @Test
  void whereNothingElseIsWantedServersAndDomainsAreAskedFor() {
    Dhcp6Wishes wishes = new Dhcp6Wishes(PLAIN.duid(), 0, false, 0, false);
    machine = new Dhcp6Machine(wishes, new SplittableRandom(6));
    machine.start(0);
    sleep();
    byte[] domains = {1, 'e', 3, 'o', 'r', 'g', 0};
    byte[] reply =
        answer(Dhcp6Message.REPLY, sent(Dhcp6Message.INFORMATION_REQUEST))
            .option(
                Dhcp6Message.DNS_SERVERS,
                ByteBuffer.allocate(16).putLong(ADDRESS.hi()).putLong(ADDRESS.lo()).array())
            .option(Dhcp6Message.DOMAINS, domains)
            .end();
    assertThat(machine.onMessage(reply, now)).isTrue();
    assertThat(outputs())
        .containsExactly(new Dhcp6Output.Inform(List.of(ADDRESS), List.of("e.org")));
  }

  @Test
  @Tag("rfc8415:16.3-1")
  @Tag("rfc8415:18.2.9-1")
  void whatIsNotOursOrOffersNothingIsIgnored() {
    machine.start(0);
    sleep();
    byte[] solicit = sent(Dhcp6Message.SOLICIT);
    byte[] otherTransaction = solicit.clone();
    otherTransaction[3] ^= 1;
    assertThat(reply(Dhcp6Message.ADVERTISE, otherTransaction)).isFalse();
    assertThat(machine.onMessage(answer(Dhcp6Message.ADVERTISE, solicit).end(), now)).isFalse();
    byte[] otherClient = withAddress(answer(Dhcp6Message.ADVERTISE, solicit)).end();
    otherClient[10] ^= 1;
    assertThat(machine.onMessage(otherClient, now)).isFalse();
    byte[] refused =
        withAddress(
                answer(Dhcp6Message.ADVERTISE, solicit)
                    .option(Dhcp6Message.STATUS, (byte) 0, (byte) 2))
            .end();
    assertThat(machine.onMessage(refused, now)).isFalse();
    valid = 0;
    assertThat(reply(Dhcp6Message.ADVERTISE, solicit)).isFalse();
  }

  /** Whatever comes: no exception, a deadline in the future, outputs that end. */
  @Property(tries = 2_000)
  void noMessageBreaksTheMachine(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Dhcp6Wishes wishes =
        new Dhcp6Wishes(PLAIN.duid(), 0, random.nextBoolean(), random.nextInt(65), true);
    machine = new Dhcp6Machine(wishes, random);
    now = 0;
    byte[] last = withAddress(new Dhcp6Message.Writer(1, 1)).end();
    machine.start(now);
    for (int i = 0; i < 40; i++) {
      List<Dhcp6Output> all = outputs();
      assertThat(all).hasSizeLessThan(4);
      for (Dhcp6Output each : all) {
        last = each instanceof Dhcp6Output.Send send ? send.message() : last;
      }
      if (random.nextInt(3) == 0 && machine.nextDeadline() != Long.MAX_VALUE) {
        now = Math.max(now, machine.nextDeadline());
        machine.onTimeout(now);
        assertThat(machine.nextDeadline()).isGreaterThan(now);
      } else if (random.nextInt(20) == 0) {
        machine.onDuplicate(ADDRESS, now);
      } else if (random.nextInt(20) == 0) {
        machine.onLinkChange(now);
      } else if (Dhcp6Message.read(last).has(Dhcp6Message.CLIENT_ID)) {
        int type = random.nextBoolean() ? Dhcp6Message.ADVERTISE : Dhcp6Message.REPLY;
        Dhcp6Message.Writer writer = answer(type, last);
        if (random.nextBoolean()) {
          writer.option(Dhcp6Message.RAPID_COMMIT);
        }
        byte[] bytes = withAddress(writer).end();
        bytes = Arrays.copyOf(bytes, bytes.length - random.nextInt(2) * random.nextInt(30));
        for (int k = random.nextInt(4); k > 0; k--) {
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        machine.onMessage(bytes, now);
      }
    }
  }
}

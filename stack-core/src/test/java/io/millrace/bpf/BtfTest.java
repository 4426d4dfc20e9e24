package io.millrace.bpf;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Finds functions in type information, and nothing outside of it. */
final class BtfTest {
  private static final int HEADER = 24;

  /** Writes type information. */
  private static final class Writer {
    private final ByteOrder order;
    private final ByteArrayOutputStream types = new ByteArrayOutputStream();
    private final ByteArrayOutputStream strings = new ByteArrayOutputStream();

    Writer(ByteOrder order) {
      this.order = order;
      strings.write(0);
    }

    Writer type(String name, int kind, int members, int moreBytes) {
      int offset = name.isEmpty() ? 0 : strings.size();
      if (!name.isEmpty()) {
        strings.writeBytes(name.getBytes(US_ASCII));
        strings.write(0);
      }
      types.writeBytes(
          ByteBuffer.allocate(12 + moreBytes)
              .order(order)
              .putInt(offset)
              .putInt(kind << 24 | members)
              .array());
      return this;
    }

    byte[] bytes() {
      ByteBuffer all =
          ByteBuffer.allocate(HEADER + types.size() + strings.size())
              .order(order)
              .putShort((short) 0xeb9f)
              .put((byte) 1)
              .put((byte) 0)
              .putInt(HEADER)
              .putInt(0)
              .putInt(types.size())
              .putInt(types.size())
              .putInt(strings.size());
      return all.put(types.toByteArray()).put(strings.toByteArray()).array();
    }
  }

  /** One type of each kind, with three members where it has any; then two functions. */
  private static byte[] everyKind(ByteOrder order) {
    return new Writer(order)
        .type("int", 1, 0, 4)
        .type("", 2, 0, 0)
        .type("", 3, 0, 12)
        .type("struct", 4, 3, 36)
        .type("union", 5, 3, 36)
        .type("enum", 6, 3, 24)
        .type("forward", 7, 0, 0)
        .type("first", 8, 0, 0)
        .type("", 9, 0, 0)
        .type("", 10, 0, 0)
        .type("", 11, 0, 0)
        .type("", 13, 3, 24)
        .type("variable", 14, 0, 4)
        .type("section", 15, 3, 36)
        .type("float", 16, 0, 0)
        .type("tag", 17, 0, 4)
        .type("tag", 18, 0, 0)
        .type("enum64", 19, 3, 36)
        .type("first", 12, 0, 0)
        .type("second", 12, 0, 0)
        .bytes();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void numbersFunctionsAsTheyStandThere(boolean bigEndian) {
    Btf btf = Btf.of(everyKind(bigEndian ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN));
    assertThat(btf.function("first")).as("a function, not the type of that name").isEqualTo(19);
    assertThat(btf.function("second")).isEqualTo(20);
    assertThat(btf.function("firs")).isZero();
    assertThat(btf.function("first2")).isZero();
    assertThat(btf.function("struct")).as("no function").isZero();
  }

  @Test
  void refusesWhatItDoesNotUnderstand() {
    byte[] good = everyKind(ByteOrder.LITTLE_ENDIAN);
    assertRefused(new byte[HEADER - 1], "it has 23 bytes");
    assertRefused(with(good, 0, 0), "it does not begin as it should");
    assertRefused(with(good, 2, 2), "its version is 2");
    assertRefused(with(good, 4, 23), "its header would have 23 bytes");
    assertRefused(with(good, 15, 0x7f), "a part of it would end at byte ");
    assertRefused(with(good, 23, 0xff), "a part of it would end at byte ");
    byte[] unknown = new Writer(ByteOrder.LITTLE_ENDIAN).type("new", 20, 0, 0).bytes();
    assertThatThrownBy(() -> Btf.of(unknown).function("f"))
        .isInstanceOf(BpfException.class)
        .hasMessage("the kernel's type information is not understood: type 1 is of kind 20");
    byte[] cut = with(new Writer(ByteOrder.LITTLE_ENDIAN).type("i", 1, 0, 4).bytes(), 12, 11);
    assertThatThrownBy(() -> Btf.of(cut).function("f"))
        .isInstanceOf(BpfException.class)
        .hasMessage("the kernel's type information is not understood: type 1 is cut off");
  }

  private static byte[] with(byte[] bytes, int at, int value) {
    byte[] copy = bytes.clone();
    copy[at] = (byte) value;
    return copy;
  }

  private static void assertRefused(byte[] bytes, String why) {
    assertThatThrownBy(() -> Btf.of(bytes))
        .isInstanceOf(BpfException.class)
        .hasMessageStartingWith("the kernel's type information is not understood: " + why);
  }

  @Property
  void damageIsRefusedOrFindsSomeFunctionOrNone(
      @ForAll @IntRange(max = 10_000) int place, @ForAll byte value) {
    byte[] bytes = everyKind(ByteOrder.LITTLE_ENDIAN);
    bytes[place % bytes.length] = value;
    try {
      // No type has fewer than 12 bytes.
      assertThat(Btf.of(bytes).function("second")).isBetween(0, bytes.length / 12);
    } catch (BpfException e) {
      assertThat(e).hasMessageStartingWith("the kernel's type information is not understood: ");
    }
  }

  @Test
  void findsFunctionsOfTheRunningKernel() {
    Assumptions.assumeTrue(
        Files.isReadable(Path.of("/sys/kernel/btf/vmlinux")),
        "this kernel does not give its type information (CONFIG_DEBUG_INFO_BTF)");
    Btf kernel = Btf.kernel();
    assertThat(kernel.function("bpf_prog_load")).isPositive();
    assertThat(kernel.function("no such function")).isZero();
  }
}

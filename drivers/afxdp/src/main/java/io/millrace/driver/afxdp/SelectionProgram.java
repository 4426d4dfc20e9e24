package io.millrace.driver.afxdp;

import io.millrace.bpf.BpfAssembler;
import io.millrace.bpf.BpfAssembler.Condition;
import io.millrace.bpf.BpfAssembler.Label;
import io.millrace.bpf.BpfAssembler.Size;

/**
 * Writes the program that hands us what was selected, and the rest to the kernel. What both need,
 * each for its own sake, goes to the kernel with a copy for us in a ring: ARP, IPv6's neighbor
 * discovery, and errors of ICMP. IPv6 extension headers other than that of a fragment are not
 * looked behind: such packets are the kernel's.
 */
final class SelectionProgram {
  /** The longest packet that is copied. */
  static final int LONGEST_COPY = 1514;

  /** A copy in the ring: the packet's length in 32 bits, then the packet. */
  static final int COPY_SIZE = 1520;

  private static final int ARP = 0x0806;
  private static final int IPV4 = 0x0800;
  private static final int IPV6 = 0x86dd;
  private static final int VLAN = 0x8100;

  private static final int ICMP = 1;
  private static final int ICMPV6 = 58;
  private static final int IPV6_FRAGMENT = 44;

  private static final int XDP_PASS = 2;

  // Helpers of the kernel.
  private static final int RING_RESERVE = 131;
  private static final int RING_SUBMIT = 132;
  private static final int RING_DISCARD = 133;
  private static final int LOAD_BYTES = 189;

  // Registers. Those from 6 on survive calls.
  private static final int PROTOCOL = 4;
  private static final int PORT = 5;
  private static final int CONTEXT = 6;
  private static final int START = 7;
  private static final int END = 8;

  /** Where the header begins that is looked at. */
  private static final int AT = 9;

  private final BpfAssembler code = new BpfAssembler();
  private final Label pass = code.label();
  private final Label copy = code.label();
  private final Label take = code.label();
  private final Label transport = code.label();
  private final Selection selection;
  private final ReceiveMetadata metadata;
  private final int sockets;
  private final int copies;

  private SelectionProgram(Selection selection, ReceiveMetadata metadata, int sockets, int copies) {
    this.selection = selection;
    this.metadata = metadata;
    this.sockets = sockets;
    this.copies = copies;
  }

  /**
   * The instructions.
   *
   * @param metadata what is asked of the device's driver, or null if nothing is
   * @param sockets the map with the socket of each queue
   * @param copies the ring for copies
   */
  static long[] of(Selection selection, ReceiveMetadata metadata, int sockets, int copies) {
    SelectionProgram program = new SelectionProgram(selection, metadata, sockets, copies);
    program.link();
    program.match();
    program.copy();
    program.take();
    return program.code.assemble();
  }

  /** Goes to {@code pass} unless so many bytes are there from {@link #AT} on. */
  private void require(int bytes) {
    code.moveRegister(2, AT).add(2, bytes).jumpRegister(Condition.GREATER, 2, END, pass);
  }

  /** Ethernet, with a tag or without, and which protocol is behind it. */
  private void link() {
    Label untagged = code.label();
    Label six = code.label();
    code.moveRegister(CONTEXT, 1)
        .load(Size.WORD, START, CONTEXT, 0)
        .load(Size.WORD, END, CONTEXT, 4)
        .moveRegister(AT, START);
    require(14);
    code.load(Size.HALF, 3, AT, 12)
        .fromNetworkOrder(3, 16)
        .add(AT, 14)
        .jump(Condition.NOT_EQUAL, 3, VLAN, untagged);
    require(4);
    code.load(Size.HALF, 3, AT, 2)
        .fromNetworkOrder(3, 16)
        .add(AT, 4)
        .place(untagged)
        .jump(Condition.EQUAL, 3, ARP, copy)
        .jump(Condition.EQUAL, 3, IPV6, six)
        .jump(Condition.NOT_EQUAL, 3, IPV4, pass);
    four();
    code.place(six);
    six();
    code.place(transport);
  }

  /** Goes on at {@link #transport}, or elsewhere. */
  private void four() {
    require(20);
    code.load(Size.HALF, 3, AT, 6)
        .fromNetworkOrder(3, 16)
        .jump(Condition.ANY_BIT, 3, 0x3fff, selection.fragments() ? take : pass)
        .load(Size.BYTE, PROTOCOL, AT, 9)
        .load(Size.BYTE, 3, AT, 0)
        .and32(3, 15)
        .shiftLeft32(3, 2)
        .addRegister(AT, 3)
        .jump(Condition.NOT_EQUAL, PROTOCOL, ICMP, transport);
    require(8);
    // RFC 792: destination unreachable, time exceeded, parameter problem.
    code.load(Size.BYTE, 3, AT, 0)
        .jump(Condition.EQUAL, 3, 3, copy)
        .jump(Condition.EQUAL, 3, 11, copy)
        .jump(Condition.EQUAL, 3, 12, copy)
        .jump(pass);
  }

  /** The same. */
  private void six() {
    require(40);
    code.load(Size.BYTE, PROTOCOL, AT, 6)
        .add(AT, 40)
        .jump(Condition.EQUAL, PROTOCOL, IPV6_FRAGMENT, selection.fragments() ? take : pass)
        .jump(Condition.NOT_EQUAL, PROTOCOL, ICMPV6, transport);
    require(8);
    // RFC 4443 §2.1: errors are below 128; RFC 4861: neighbor discovery is 133 to 137.
    code.load(Size.BYTE, 3, AT, 0)
        .jump(Condition.LESS, 3, 128, copy)
        .jump(Condition.LESS, 3, 133, pass)
        .jump(Condition.LESS, 3, 138, copy)
        .jump(pass);
  }

  /** The rules one after the other, those without ports first. */
  private void match() {
    for (Selection.Rule rule : selection.rules()) {
      if (rule.anyPort()) {
        code.jump(Condition.EQUAL, PROTOCOL, rule.protocol(), take);
      }
    }
    require(4);
    code.load(Size.HALF, PORT, AT, 2).fromNetworkOrder(PORT, 16);
    for (Selection.Rule rule : selection.rules()) {
      if (!rule.anyPort()) {
        Label next = code.label();
        code.jump(Condition.NOT_EQUAL, PROTOCOL, rule.protocol(), next)
            .jump(Condition.LESS, PORT, rule.first(), next)
            .jump(Condition.GREATER, PORT, rule.last(), next)
            .jump(take)
            .place(next);
      }
    }
    code.jump(pass);
  }

  /** A copy for us, then on to the kernel. */
  private void copy() {
    Label discard = code.label();
    code.place(copy)
        .subtractRegister(END, START)
        .jump(Condition.GREATER, END, LONGEST_COPY, pass)
        .jump(Condition.LESS, END, 14, pass)
        .map(1, copies)
        .move(2, COPY_SIZE)
        .move(3, 0)
        .call(RING_RESERVE)
        .jump(Condition.EQUAL, 0, 0, pass)
        .moveRegister(AT, 0)
        .store(Size.WORD, AT, 0, END)
        .moveRegister(1, CONTEXT)
        .move(2, 0)
        .moveRegister(3, AT)
        .add(3, 4)
        .moveRegister(4, END)
        .call(LOAD_BYTES)
        .moveRegister(1, AT)
        .move(2, 0)
        .jump(Condition.NOT_EQUAL, 0, 0, discard)
        .call(RING_SUBMIT)
        .jump(pass)
        .place(discard)
        .call(RING_DISCARD)
        .place(pass)
        .move(0, XDP_PASS)
        .exit();
  }

  private void take() {
    code.place(take);
    XdpProgram.redirect(code, metadata, sockets);
  }
}

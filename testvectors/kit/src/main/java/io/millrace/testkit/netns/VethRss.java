package io.millrace.testkit.netns;

import io.millrace.bpf.Bpf;
import io.millrace.bpf.BpfAssembler;
import io.millrace.bpf.BpfAssembler.Condition;
import io.millrace.bpf.BpfAssembler.Label;
import io.millrace.bpf.BpfAssembler.Size;
import io.millrace.bpf.BpfException;
import io.millrace.bpf.BpfToeplitz;
import io.millrace.flow.Toeplitz;
import io.millrace.os.Namespace;
import io.millrace.os.NetworkDevice;

/**
 * Lets a veth spread packets over its queues as a network card does (receive-side scaling): a
 * program on the end that sends computes the Toeplitz hash of addresses and ports, and sends each
 * packet through the queue that the indirection table says. It arrives at the other end by the
 * queue of the same number.
 *
 * <p>TCP and UDP are hashed with their ports, other IP packets and fragments by addresses alone, as
 * cards do; what is not IP goes to queue 0, and so do packets with IPv6 extension headers, of which
 * there are none in our tests.
 *
 * <p>The kernel takes the program's choice for packets whose socket has not chosen a queue yet, and
 * keeps it for the socket: attach it before connections are made. Linux 6.6 or later.
 *
 * <p>Closing takes it away; it goes with the process at the latest. <b>Thread:</b> one at a time.
 */
public final class VethRss implements AutoCloseable {
  private static final int ARRAY = 2;
  private static final int LOOK_UP = 1;
  private static final int LOAD_BYTES = 26;

  /** Where the context has the number of the queue. */
  private static final int QUEUE_MAPPING = 12;

  private static final int ETHERTYPE = 12;
  private static final int ETHERNET = 14;
  private static final int IPV6_HEADER = 40;
  private static final int TCP = 6;
  private static final int UDP = 17;

  /** On the program's stack: a copy of the IP header, the ports, and the place in the table. */
  private static final int HEADER = -48;

  private static final int PORTS = -56;
  private static final int PLACE = -64;

  // Registers that survive calls.
  private static final int CONTEXT = 6;
  private static final int HASH = 7;
  private static final int WORD = 8;
  private static final int SCRATCH = 9;
  private static final int FRAME = 10;

  private final Bpf bpf = new Bpf();
  private final BpfToeplitz toeplitz;
  private final BpfAssembler code = new BpfAssembler();
  private final Label choose = code.label();
  private final Label noChoice = code.label();
  private final int table;
  private final int mask;

  private VethRss(Toeplitz toeplitz) {
    this.toeplitz = new BpfToeplitz(toeplitz);
    int[] queues = toeplitz.indirection();
    mask = queues.length - 1;
    table = bpf.map(ARRAY, 4, 4, queues.length);
    for (int i = 0; i < queues.length; i++) {
      bpf.put(table, i, queues[i]);
    }
  }

  /**
   * Attaches it to the end that sends.
   *
   * @param toeplitz the key, and the table, whose queues the device must have
   * @throws BpfException if the kernel refuses
   */
  public static VethRss attach(VethPair.End end, Toeplitz toeplitz) {
    VethRss rss = new VethRss(toeplitz);
    try {
      Namespace.in(end.namespace().name(), () -> rss.attach(end.device()));
      return rss;
    } catch (RuntimeException e) {
      rss.close();
      throw e;
    }
  }

  private int attach(String device) {
    Bpf.Kind kind = new Bpf.Kind(Bpf.TYPE_TRAFFIC_CONTROL, Bpf.ATTACH_EGRESS, 0, 0);
    int program = bpf.load(program(), kind);
    try (NetworkDevice link = new NetworkDevice(device)) {
      return bpf.attach(program, link.index(), Bpf.ATTACH_EGRESS, 0);
    }
  }

  private long[] program() {
    Label six = code.label();
    code.moveRegister(CONTEXT, 1).move(HASH, 0);
    copy(ETHERTYPE, HEADER, 2);
    code.load(Size.HALF, WORD, FRAME, HEADER)
        .fromNetworkOrder(WORD, 16)
        .jump(Condition.EQUAL, WORD, 0x86dd, six)
        .jump(Condition.NOT_EQUAL, WORD, 0x0800, noChoice);
    four();
    code.jump(choose).place(six);
    six();
    code.place(choose)
        .and32(HASH, mask)
        .store(Size.WORD, FRAME, PLACE, HASH)
        .map(1, table)
        .moveRegister(2, FRAME)
        .add(2, PLACE)
        .call(LOOK_UP)
        .jump(Condition.EQUAL, 0, 0, noChoice)
        .load(Size.WORD, WORD, 0, 0)
        // The kernel has 0 for "no queue recorded".
        .add(WORD, 1)
        .store(Size.WORD, CONTEXT, QUEUE_MAPPING, WORD)
        .move(0, 0)
        .exit()
        .place(noChoice)
        .move(WORD, 1)
        .store(Size.WORD, CONTEXT, QUEUE_MAPPING, WORD)
        .move(0, 0)
        .exit();
    return code.assemble();
  }

  /** IPv4: addresses at 12 and 16; no ports in fragments. */
  private void four() {
    Label ports = code.label();
    copy(ETHERNET, HEADER, 20);
    hash(0, HEADER + 12, 2);
    code.load(Size.HALF, WORD, FRAME, HEADER + 6)
        .fromNetworkOrder(WORD, 16)
        .jump(Condition.ANY_BIT, WORD, 0x3fff, choose)
        .load(Size.BYTE, WORD, FRAME, HEADER + 9)
        .jump(Condition.EQUAL, WORD, TCP, ports)
        .jump(Condition.NOT_EQUAL, WORD, UDP, choose)
        .place(ports)
        // The header's length, in words of 4 bytes.
        .load(Size.BYTE, 2, FRAME, HEADER)
        .and32(2, 15)
        .shiftLeft32(2, 2)
        .add(2, ETHERNET);
    copyFromRegister(PORTS, 4);
    hash(8, PORTS, 1);
  }

  /** IPv6: addresses at 8 and 24. */
  private void six() {
    Label ports = code.label();
    copy(ETHERNET, HEADER, IPV6_HEADER);
    hash(0, HEADER + 8, 8);
    code.load(Size.BYTE, WORD, FRAME, HEADER + 6)
        .jump(Condition.EQUAL, WORD, TCP, ports)
        .jump(Condition.NOT_EQUAL, WORD, UDP, choose)
        .place(ports);
    copy(ETHERNET + IPV6_HEADER, PORTS, 4);
    hash(32, PORTS, 1);
  }

  /** Copies from the packet to the stack. */
  private void copy(int from, int to, int length) {
    code.move(2, from);
    copyFromRegister(to, length);
  }

  /** The same; where from is in register 2. */
  private void copyFromRegister(int to, int length) {
    code.moveRegister(1, CONTEXT)
        .moveRegister(3, FRAME)
        .add(3, to)
        .move(4, length)
        .call(LOAD_BYTES)
        .jump(Condition.NOT_EQUAL, 0, 0, noChoice);
  }

  private void hash(int position, int at, int words) {
    for (int i = 0; i < words; i++) {
      code.load(Size.WORD, WORD, FRAME, at + 4 * i).fromNetworkOrder(WORD, 32);
      toeplitz.addWord(code, position + 4 * i, WORD, HASH, SCRATCH);
    }
  }

  @Override
  public void close() {
    bpf.close();
  }
}

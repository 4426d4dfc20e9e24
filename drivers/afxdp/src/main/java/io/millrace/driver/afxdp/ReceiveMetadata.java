package io.millrace.driver.afxdp;

import io.millrace.bpf.BpfAssembler;
import io.millrace.bpf.BpfAssembler.Condition;
import io.millrace.bpf.BpfAssembler.Label;
import io.millrace.bpf.BpfAssembler.Size;
import io.millrace.bpf.BpfException;
import io.millrace.bpf.Btf;
import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.os.NetworkDeviceFeatures;
import io.millrace.spi.PortException;
import java.security.SecureRandom;

/**
 * What the device's driver knows of a received packet. The program asks it (Linux,
 * Documentation/networking/xdp-rx-metadata.rst) and leaves the answers in front of the packet, in
 * the frame's headroom, where they are read; in the machine's own byte order.
 *
 * <pre>
 *  0          8          12          16         20
 *  +----------+----------+-----------+----------+--------
 *  | time (8) | hash (4) | valid (4) | mark (4) | packet
 *  +----------+----------+-----------+----------+--------
 * </pre>
 *
 * <p>The kernel does not tell the receiver whether anything was left there. The mark does: it is
 * random, so that no bytes of an earlier packet pass for one, and is wiped when it has been read.
 */
final class ReceiveMetadata {
  static final int SIZE = 20;

  private static final int TIME = 0;
  private static final int HASH = 8;
  private static final int VALID = 12;
  private static final int MARK = 16;

  private static final int TIME_VALID = 1;
  private static final int HASH_VALID = 2;

  private static final int ADJUST_METADATA = 54;

  /** Where the context says where the packet begins, and what lies in front of it. */
  private static final int PACKET = 0;

  private static final int IN_FRONT = 8;

  /** On the program's stack. */
  private static final int STACK = 10;

  private static final int TIME_ANSWER = -8;
  private static final int HASH_ANSWER = -16;
  private static final int HASH_TYPE = -12;

  /** Registers that survive calls: the program's context, and which answers are valid. */
  private static final int CONTEXT = 6;

  private static final int ANSWERS = 7;

  private final int timeFunction;
  private final int hashFunction;
  private final int mark;

  /**
   * Exact numbers.
   *
   * @param timeFunction the number of the kernel's function that gives the time
   * @param hashFunction and of that for the hash
   * @param mark not 0
   */
  ReceiveMetadata(int timeFunction, int hashFunction, int mark) {
    this.timeFunction = timeFunction;
    this.hashFunction = hashFunction;
    this.mark = mark;
  }

  /**
   * For a device of the calling thread's network namespace.
   *
   * @return null if the options do not ask for it
   * @throws PortException if the device's driver, or the kernel, has nothing of it
   */
  static ReceiveMetadata of(AfXdpOptions options, int index) {
    if (!options.hints()) {
      return null;
    }
    int features = NetworkDeviceFeatures.receiveMetadata(index);
    if (features < 0) {
      throw AfXdpError.hintsUnknown(options.device(), features);
    }
    if ((features & (NetworkDeviceFeatures.RECEIVE_TIME | NetworkDeviceFeatures.RECEIVE_HASH))
        == 0) {
      throw AfXdpError.noHints(options.device());
    }
    try {
      Btf kernel = Btf.kernel();
      return new ReceiveMetadata(
          function(kernel, "bpf_xdp_metadata_rx_timestamp"),
          function(kernel, "bpf_xdp_metadata_rx_hash"),
          new SecureRandom().nextInt() | 1);
    } catch (BpfException e) {
      throw AfXdpError.notLoaded(options.device(), e);
    }
  }

  private static int function(Btf kernel, String name) {
    int id = kernel.function(name);
    if (id == 0) {
      throw new PortException("option hints=on: this kernel has no function " + name);
    }
    return id;
  }

  /**
   * Writes the part of the program that asks. Register 6 is the context and stays; all others
   * change.
   */
  void ask(BpfAssembler code) {
    Label noTime = code.label();
    Label noHash = code.label();
    Label nothing = code.label();
    code.move(ANSWERS, 0)
        .store(Size.LONG, STACK, TIME_ANSWER, ANSWERS)
        .store(Size.LONG, STACK, HASH_ANSWER, ANSWERS)
        .moveRegister(1, CONTEXT)
        .moveRegister(2, STACK)
        .add(2, TIME_ANSWER)
        .callKernel(timeFunction)
        .move32(0, 0)
        .jump(Condition.NOT_EQUAL, 0, 0, noTime)
        .add(ANSWERS, TIME_VALID)
        .place(noTime)
        .moveRegister(1, CONTEXT)
        .moveRegister(2, STACK)
        .add(2, HASH_ANSWER)
        .moveRegister(3, STACK)
        .add(3, HASH_TYPE)
        .callKernel(hashFunction)
        .move32(0, 0)
        .jump(Condition.NOT_EQUAL, 0, 0, noHash)
        .add(ANSWERS, HASH_VALID)
        .place(noHash)
        .moveRegister(1, CONTEXT)
        .move(2, -SIZE)
        .call(ADJUST_METADATA)
        .jump(Condition.NOT_EQUAL, 0, 0, nothing)
        .load(Size.WORD, 1, CONTEXT, PACKET)
        .load(Size.WORD, 2, CONTEXT, IN_FRONT)
        .moveRegister(3, 2)
        .add(3, SIZE)
        .jumpRegister(Condition.GREATER, 3, 1, nothing)
        .load(Size.LONG, 3, STACK, TIME_ANSWER)
        .store(Size.LONG, 2, TIME, 3)
        .load(Size.WORD, 3, STACK, HASH_ANSWER)
        .store(Size.WORD, 2, HASH, 3)
        .store(Size.WORD, 2, VALID, ANSWERS)
        .move(3, mark)
        .store(Size.WORD, 2, MARK, 3)
        .place(nothing);
  }

  /**
   * Reads what lies in front of a packet that was just received, if anything does, and puts it on
   * the frame. A time of 0 is none: a veth says so of packets that no hardware has received.
   */
  void read(Frame frame, HardwareClock clock, long now) {
    frame.receiveTime(now);
    if (frame.headroom() < SIZE) {
      return;
    }
    long at = frame.address() - SIZE;
    if (Bytes.i32Native(at + MARK) != mark) {
      return;
    }
    Bytes.put32Native(at + MARK, 0);
    int valid = Bytes.i32Native(at + VALID);
    if ((valid & HASH_VALID) != 0) {
      frame.receiveHash(Bytes.i32Native(at + HASH));
    }
    long time = Bytes.i64Native(at + TIME);
    if ((valid & TIME_VALID) != 0 && time != 0) {
      frame.receiveTime(clock.toShardTime(time, now));
    }
  }
}

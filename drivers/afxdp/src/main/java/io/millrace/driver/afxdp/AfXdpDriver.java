package io.millrace.driver.afxdp;

import io.millrace.os.Namespace;
import io.millrace.spi.Driver;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;

/**
 * Takes over a network interface of Linux: {@code afxdp:eth1}. Its packets come to the stack
 * instead of the kernel, in frames that are shared with it, and go to the kernel again when the
 * port is closed or the process ends in whatever way.
 *
 * <p>Needs root, or {@code CAP_NET_ADMIN}, {@code CAP_NET_RAW} and {@code CAP_BPF}; Linux 5.19 or
 * later. The interface must exist and be switched on, and should have no address of the kernel's,
 * which would hear nothing any more.
 *
 * <p>Options:
 *
 * <ul>
 *   <li>{@code queues=N}: how many of the device's queues to take, at most as many as it has; if
 *       not given, one per shard. Packets of its other queues go to the kernel. {@code
 *       first-queue=N} is the number of the first one, 0 if not given.
 *   <li>{@code only=udp:2152+sctp+tcp:8000-8010}: takes these protocols and destination ports, and
 *       leaves the rest to the kernel; {@code fragments} among them takes fragments, which do not
 *       all say a port. ARP, IPv6's neighbor discovery and errors of ICMP go to the kernel, with a
 *       copy for the stack. If not given, everything is taken.
 *   <li>{@code mode=auto|zerocopy|copy}: whether the hardware reads and writes the stack's frames
 *       itself; if not given, where its driver offers it and the MTU is at most 3502 bytes.
 *   <li>{@code attach=auto|driver|generic}: whether the program runs in the device's driver or,
 *       more slowly, in the kernel's stack; if not given, in the driver where that can.
 *   <li>{@code rxcsum=trust}: takes the word of who sent them for the checksums of received
 *       packets. Needed on a veth whose other end leaves them out. If not given, they are verified.
 *   <li>{@code txcsum=on}: leaves checksums of packets to be sent to the device, or to the kernel
 *       for it. If not given, the stack computes them, which is faster on our side.
 *   <li>{@code busy-poll}, {@code busy-poll=MICROS}: the kernel looks for packets while the stack
 *       asks for them, for 20 microseconds if no number is given, and otherwise as little as it
 *       can; {@code busy-poll-budget=N} takes at most N at a time, 64 if not given.
 *   <li>{@code ring=N}: entries of each ring, a power of two from 64 to 32768; 2048 if not given.
 *   <li>{@code rss-key=HEX}: the device spreads flows over its queues by the Toeplitz hash with
 *       this key, evenly; if not given, it is asked.
 *   <li>{@code hints=on}: asks the device's driver for the hash and the time of each received
 *       packet. The hash is then on the frame ({@link io.millrace.buf.Frame#receiveHash}), and the
 *       time too ({@link io.millrace.buf.Frame#receiveTime}) if the device's clock is kept at the
 *       time of day or at atomic time. Needs Linux 6.7, and a driver that has one of them; refused
 *       otherwise. If not given, nothing is asked.
 *   <li>{@code netns=NAME}: the interface is in a network namespace, by the name that {@code ip
 *       netns} knows, or by the path of its file.
 * </ul>
 */
public final class AfXdpDriver implements Driver {
  /** Called by the service loader. */
  public AfXdpDriver() {}

  @Override
  public String scheme() {
    return "afxdp";
  }

  @Override
  public String usage() {
    return "afxdp:INTERFACE[,queues=N][,first-queue=N][,only=PROTOCOL:PORT+...][,mode=zerocopy|copy]"
               + "[,attach=driver|generic][,rxcsum=trust][,txcsum=on][,busy-poll=MICROS][,busy-poll-budget=N][,ring=N][,rss-key=HEX][,hints=on][,netns=NAME]"
               + "   a network interface of Linux, taken over";
  }

  @Override
  public Port open(PortConfig config) {
    AfXdpOptions options = AfXdpOptions.of(config);
    return Namespace.in(options.netns(), () -> AfXdpPort.open(options));
  }
}

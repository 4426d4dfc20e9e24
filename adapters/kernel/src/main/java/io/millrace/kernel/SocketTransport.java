package io.millrace.kernel;

import io.millrace.buf.Frame;
import io.millrace.ip.IcmpError;
import io.millrace.transport.Transport;

/** A transport below which there are no packets, and so neither datagrams nor ICMP. */
interface SocketTransport extends Transport {
  @Override
  default void input(Frame frame, long now) {
    frame.release();
    throw new IllegalStateException("sockets take no packets");
  }

  @Override
  default void icmpError(
      IcmpError error,
      int mtu,
      long sourceHi,
      long sourceLo,
      long destinationHi,
      long destinationLo,
      long transportHeader,
      int quoted,
      long now) {
    throw new IllegalStateException("sockets take no packets");
  }
}

package io.millrace.bench.net;

/** What lies between a client and a server. */
enum Link {
  /** A veth pair with the kernel's stack on the servers' side. */
  KERNEL,
  /** A veth pair with the stack on the servers' side, through AF_XDP. */
  VETH,
  /** A TAP, with the stack on the one side and the clients' kernel on the other. */
  TAP,
  /** A wire in memory between two stacks. */
  MEMORY
}

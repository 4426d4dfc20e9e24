/**
 * AF_XDP sockets of Linux: a small program in the driver of a network interface hands packets to
 * rings that are shared with us, and the packets lie in the shard's own frames.
 *
 * <p>Owns the sockets, the program and its attachment while a port is open. Opening and closing is
 * for the thread that starts the stack; each {@link io.millrace.driver.afxdp.AfXdpQueue} belongs to
 * one shard. Imports only the core.
 */
package io.millrace.driver.afxdp;

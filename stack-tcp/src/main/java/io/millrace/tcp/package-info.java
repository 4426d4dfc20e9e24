/**
 * TCP for applications: {@link io.millrace.tcp.Tcp} listens and connects, {@link
 * io.millrace.tcp.TcpConnection} sends, {@link io.millrace.tcp.TcpHandler} is told what happens.
 *
 * <p>Everything runs on the thread of one shard. The glue between the machine ({@code
 * io.millrace.tcp.engine}) and the network layer's seams is here: look-up, timers, the list of
 * connections that have something to send.
 */
package io.millrace.tcp;

/**
 * The TCP machine: segments and time in, segments, deadlines and events out (RFC 9293, 7323, 2018,
 * 2883, 5681, 6298, 6582, 6675, 5961).
 *
 * <p>Pure: no clock, no I/O, no thread. Owns the connection's variables ({@link
 * io.millrace.tcp.engine.Tcb}) and its queues. Imports buffers and transport helpers of the core,
 * never IP. Confined to the shard's thread.
 */
package io.millrace.tcp.engine;

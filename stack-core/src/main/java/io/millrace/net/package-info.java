/**
 * The front door and the engine room: {@link io.millrace.net.NetStack} builds, starts and closes;
 * {@link io.millrace.net.Shard} is one core's duty cycle; {@link io.millrace.net.NetInterface} is a
 * shard's end of a port.
 */
package io.millrace.net;

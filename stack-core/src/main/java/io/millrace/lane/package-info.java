/**
 * Packets from one thread to another without a lock: a ring of frames that the receiver has posted
 * and the sender copies into, as a network card does.
 *
 * <p>Shards hand packets over by lanes, and the driver for wires in memory is made of them. A lane
 * has one sender and one receiver; both are bound to their threads.
 */
package io.millrace.lane;

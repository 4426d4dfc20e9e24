/**
 * A wire in memory: two ports of one name in one process are its two ends.
 *
 * <p>Owns the wires' rings and, while a wire has an end open, a hold on the memory of both ends'
 * pools. The two ends may be on one thread or on two; what they share lies in one block of memory
 * per direction, described in {@link io.millrace.lane.Lane}. Imports only the core.
 */
package io.millrace.driver.mem;

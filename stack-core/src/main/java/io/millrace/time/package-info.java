/**
 * Time as an argument: the one clock that reads it, and the wheel that wakes what is due.
 *
 * <p>All times are nanoseconds on the shard's clock, an arbitrary origin, monotonic. Confined to
 * the shard's thread.
 */
package io.millrace.time;

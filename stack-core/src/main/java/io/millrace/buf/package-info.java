/**
 * Memory: regions, pools, frames and the one class that touches bytes.
 *
 * <p>Everything here is confined to the thread of one shard, except {@link io.millrace.buf.Region},
 * which may be created by any thread before the shard starts. Imports nothing of the rest of
 * Millrace but the operating-system calls.
 */
package io.millrace.buf;

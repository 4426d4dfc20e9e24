/**
 * A link that is a capture file: what it holds arrives, and what is sent can be written to another.
 *
 * <p>Owns the two files. A queue belongs to one shard, whose thread reads and writes them: a replay
 * waits for its disk, which no other link does. Imports only the core.
 */
package io.millrace.driver.pcap;

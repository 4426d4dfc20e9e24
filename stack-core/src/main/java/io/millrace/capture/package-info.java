/**
 * Capture files: reads pcap and pcapng, writes pcapng, Ethernet only. Nothing here knows a shard or
 * a port; a reader or writer belongs to one thread at a time.
 */
package io.millrace.capture;

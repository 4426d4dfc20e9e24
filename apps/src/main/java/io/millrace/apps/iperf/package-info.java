/**
 * A speed test that speaks the protocol of iperf3, as client and as server.
 *
 * <p>A test has a control connection, on its <i>home</i> shard, and streams of data, each on the
 * shard that its packets come to. The machines of both ends ({@link
 * io.millrace.apps.iperf.IperfClient}, {@code ServerTest}) live at home; they and the streams talk
 * by messages. Reports are written by a thread of the command's own, which reads the streams'
 * counters, so no shard ever waits for a terminal.
 */
package io.millrace.apps.iperf;

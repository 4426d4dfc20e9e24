/**
 * One host around the IP layer of either family: a {@link io.millrace.testkit.host.TestPort port}
 * whose other end is the test, {@link io.millrace.testkit.host.TestTransport transports} that only
 * remember, and the {@link io.millrace.testkit.host.SteppedHost stack} between them, on a clock
 * that stands still until told.
 *
 * <p>A module that wants the transports names {@link io.millrace.testkit.host.TestTcpProvider} and
 * {@link io.millrace.testkit.host.TestUdpProvider} in its tests' {@code META-INF/services}. Runs on
 * the test's thread. Imports the core and the reference decoders.
 */
package io.millrace.testkit.host;

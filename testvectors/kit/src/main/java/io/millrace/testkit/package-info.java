/**
 * A network without a network, for tests: a {@link io.millrace.testkit.VirtualClock virtual clock},
 * {@link io.millrace.testkit.SimulatedLink links} with seeded impairments, and the {@link
 * io.millrace.testkit.World} that turns driven stacks on them until a condition holds.
 *
 * <p>Everything runs on the test's own thread and is the same for the same seed. Every frame that a
 * stack sends is decoded by code that is not the stack's ({@link
 * io.millrace.testkit.packet.Decoded}): a wrong offset cannot confirm itself. <b>Imports:</b> the
 * core only, so that every module can use it in its tests.
 */
package io.millrace.testkit;

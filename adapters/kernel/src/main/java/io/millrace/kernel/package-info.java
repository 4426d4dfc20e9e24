/**
 * The API of {@code io.millrace.tcp} and {@code io.millrace.udp} on the sockets of the operating
 * system: the port {@code kernel:}.
 *
 * <p>A program that opens this port instead of another runs unchanged, without privileges and
 * without a device, and with the kernel's TCP. {@link io.millrace.kernel.KernelDriver} says what is
 * different.
 *
 * <p>Each shard has a selector, which is also what it sleeps on. What is received goes into frames
 * of the shard's pool. <b>Thread:</b> the shard's. <b>Imports:</b> the core, TCP and UDP, {@code
 * java.nio}.
 */
package io.millrace.kernel;

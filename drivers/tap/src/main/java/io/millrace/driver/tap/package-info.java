/**
 * TAP devices of Linux: a network interface of the kernel whose cable is a file descriptor of ours.
 *
 * <p>Owns the descriptors and, while a port is open, the device. Opening and closing is for the
 * thread that starts the stack; each {@link io.millrace.driver.tap.TapQueue} belongs to one shard.
 * Imports only the core. The header in front of every packet is that of the virtual network card
 * (virtio 1.2 §5.1.6).
 */
package io.millrace.driver.tap;

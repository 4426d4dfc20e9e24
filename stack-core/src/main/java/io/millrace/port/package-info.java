/**
 * Ports around ports: capture to a file, and impairment with a seed. Each is a {@link
 * io.millrace.spi.PortQueue} around a {@link io.millrace.spi.PortQueue}, chosen by options in a
 * port's name.
 */
package io.millrace.port;

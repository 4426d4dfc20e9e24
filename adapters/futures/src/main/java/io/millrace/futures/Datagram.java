package io.millrace.futures;

import io.millrace.ip.IpAddress;

/**
 * A UDP datagram.
 *
 * @param data the payload; not copied
 * @param address where it came from
 * @param port the port it came from, 0 if its sender wants no answer (RFC 768)
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; who receives it owns the array
public record Datagram(byte[] data, IpAddress address, int port) {}

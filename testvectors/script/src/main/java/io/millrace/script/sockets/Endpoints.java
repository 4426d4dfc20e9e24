package io.millrace.script.sockets;

import io.millrace.ip.IpAddress;

/**
 * What {@code ...} stands for in calls.
 *
 * @param local the stack's address
 * @param remote the peer's
 * @param bindPort the port of {@code bind(fd, ..., ...)}
 * @param connectPort the port of {@code connect(fd, ..., ...)}
 */
public record Endpoints(IpAddress local, IpAddress remote, int bindPort, int connectPort) {}

package io.millrace.bench.net;

/**
 * Which CPU is whose.
 *
 * @param server of the servers
 * @param client of the clients
 * @param nice of both, as nice(1) has it
 */
record Cores(int server, int client, int nice) {}

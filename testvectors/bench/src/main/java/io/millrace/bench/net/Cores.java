package io.millrace.bench.net;

/** Which CPU is whose. */
record Cores(int server, int client) {}

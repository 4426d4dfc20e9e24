/**
 * The clients that are programs of their own: load on the stack, probes on the kernel's sockets.
 */
package io.millrace.bench.net.client;

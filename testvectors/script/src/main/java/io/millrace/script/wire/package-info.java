/**
 * Packets of both families: written for the peer, read from the stack, and compared with what a
 * script expects of them.
 */
package io.millrace.script.wire;

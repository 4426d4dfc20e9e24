/**
 * The system calls of scripts over nothing but the stack's own API: {@link
 * io.millrace.script.sockets.SystemCalls} reads arguments and compares results, a {@code
 * ScriptSocket} is what a descriptor stands for. No call blocks here: one that would is asked again
 * for as long as the script allows.
 */
package io.millrace.script.sockets;

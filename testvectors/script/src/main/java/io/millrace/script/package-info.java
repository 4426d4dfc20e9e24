/**
 * Packet scripts: "this packet in, that packet out, at this time", in the notation that people who
 * build transport protocols share, on a virtual clock and without root.
 *
 * <p>{@link io.millrace.script.ScriptRunner} plays the peer at the other end of a simulated link
 * and makes the script's system calls on the stack's own API. What the stack does not have is
 * skipped with a reason, never passed over. {@link io.millrace.script.Scripts} makes tests of a
 * folder.
 */
package io.millrace.script;

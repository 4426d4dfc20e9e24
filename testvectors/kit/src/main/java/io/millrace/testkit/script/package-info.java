/**
 * Packet scripts: "this packet in, that packet out, at this time", in the notation that people who
 * build transport protocols share, on a virtual clock and without root.
 *
 * <p>{@link io.millrace.testkit.script.ScriptParser} reads a script into a tree of records; {@link
 * io.millrace.testkit.script.ScriptRunner} plays the peer at the other end of a simulated link and
 * makes the script's system calls through a {@link io.millrace.testkit.script.ScriptHost}, which
 * stands between this package and a stack's own API. What is not supported yet is skipped with a
 * reason, never passed over.
 */
package io.millrace.testkit.script;

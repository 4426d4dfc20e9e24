/**
 * Packet scripts against the whole stack: sockets as scripts see them, over the stack's own API.
 */
package io.millrace.e2e.script;

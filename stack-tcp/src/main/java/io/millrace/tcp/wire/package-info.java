/**
 * TCP on the wire: header and options as offsets, accessors, and one validation each (RFC 9293
 * §3.1, RFC 7323, RFC 2018).
 */
package io.millrace.tcp.wire;

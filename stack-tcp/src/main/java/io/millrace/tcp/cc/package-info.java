/** Congestion control for TCP, behind the interface that it shares with SCTP. */
package io.millrace.tcp.cc;

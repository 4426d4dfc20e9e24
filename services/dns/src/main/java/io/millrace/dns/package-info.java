/**
 * A stub resolver (RFC 1034 §5.3.1): asks the DNS servers that it is given, or that the network
 * tells of, over the stack's own UDP and TCP, and keeps what they say for as long as they allow.
 *
 * <p>Applications use it through {@link io.millrace.name.NameService}, or just connect by name. The
 * message format is dnsjava's.
 */
package io.millrace.dns;

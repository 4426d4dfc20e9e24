/** The web servers that the stack's is compared with: programs of their own, one thread each. */
package io.millrace.bench.net.servers;

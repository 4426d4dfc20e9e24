/** {@code bench scale}: how the cost of a packet grows with shards, flows and connections. */
package io.millrace.bench.scale;

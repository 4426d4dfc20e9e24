package io.millrace.bench.scale;

/**
 * Traffic between the two stacks of a pair.
 *
 * @param name what is special about it, such as "4 shards"
 * @param pair turned for a while, then its packets are counted
 */
record Workload(String name, Pair pair) {}

/**
 * The seam to names: who turns them into addresses on a shard, and which DNS servers the network
 * has told of, by whatever protocol.
 */
package io.millrace.name;

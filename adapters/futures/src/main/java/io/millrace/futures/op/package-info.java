/**
 * Operations that wait: reads, writes and the like, given by any thread and served by the shard
 * that their connection or socket lives on. Futures and blocking calls differ only in how an
 * operation's end is waited for.
 */
package io.millrace.futures.op;

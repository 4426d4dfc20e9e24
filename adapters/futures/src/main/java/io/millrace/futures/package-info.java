/**
 * TCP and UDP with futures. Every call may be made by any thread, and none blocks; unless a method
 * says otherwise, what depends on its future runs on the shard's thread, like a handler, and must
 * not block either (or use the {@code ...Async} methods with an executor).
 */
package io.millrace.futures;

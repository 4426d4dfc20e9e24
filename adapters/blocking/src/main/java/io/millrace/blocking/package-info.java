/**
 * TCP and UDP in plain blocking code, for any thread but a shard's own: virtual threads that a
 * shard carries, ordinary virtual threads, platform threads. The calls mean the same on all of
 * them.
 *
 * <p><b>Interruption.</b> A call that is interrupted while it waits, or made by an interrupted
 * thread, throws {@link java.io.InterruptedIOException}. The thread's interrupt status stays set.
 * {@code bytesTransferred} says what was read or written before; nothing else has happened, and the
 * connection can be used further.
 *
 * <p><b>Timeouts</b> end a call with {@link java.net.SocketTimeoutException}, which is an {@code
 * InterruptedIOException}, too, and means the same for the connection.
 *
 * <p><b>Closing</b> by another thread ends a call that waits with {@link
 * java.nio.channels.AsynchronousCloseException}; later calls throw {@link
 * java.nio.channels.ClosedChannelException}.
 */
package io.millrace.blocking;

/**
 * A web server and a client on the handler API of TCP (RFC 9110, RFC 9112).
 *
 * <p>The readers ({@code RequestReader}, {@code ChunkedDecoder}, {@code ResponseReader}) are pure:
 * bytes in, events out. Everything else lives on the shard's thread, one state per shard.
 */
package io.millrace.apps.http;

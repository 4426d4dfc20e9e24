package io.millrace.transport;

import io.millrace.net.Shard;

/** Makes a transport's part of each shard; found through {@link java.util.ServiceLoader}. */
public interface TransportProvider {
  /** The protocol number. */
  int protocol();

  /** Creates the transport for one shard, on the thread that starts the stack. */
  Transport create(Shard shard);
}

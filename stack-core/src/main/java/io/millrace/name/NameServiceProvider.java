package io.millrace.name;

import io.millrace.net.Shard;

/** Makes each shard's name service; found through {@link java.util.ServiceLoader}. */
public interface NameServiceProvider {
  /** Creates it for one shard, on the thread that starts the stack; the protocols are there. */
  NameService create(Shard shard);
}

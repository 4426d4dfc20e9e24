package io.millrace.ip;

import io.millrace.net.Shard;

/** Makes a family's part of each shard; found through {@link java.util.ServiceLoader}. */
public interface IpFamilyProvider {
  /** 4 or 6. */
  int version();

  /** Creates the family for one shard, on the thread that starts the stack. */
  IpFamily create(Shard shard);
}

package io.millrace.blocking;

import io.millrace.net.Shard;

/** The threads that blocking code may run on. */
enum ThreadKind {
  /** Virtual, carried by the shard. */
  SHARD {
    @Override
    Thread start(Shard shard, Runnable task) {
      return BlockingThreads.start(shard, "test", task);
    }
  },
  /** Virtual, on the JDK's scheduler. */
  ORDINARY {
    @Override
    Thread start(Shard shard, Runnable task) {
      return Thread.ofVirtual().start(task);
    }
  },
  PLATFORM {
    @Override
    Thread start(Shard shard, Runnable task) {
      return Thread.ofPlatform().daemon().start(task);
    }
  };

  abstract Thread start(Shard shard, Runnable task);
}

package io.millrace.threads;

import io.millrace.net.Shard;
import io.millrace.net.ShardMode;
import io.millrace.net.ShardThreads;
import io.millrace.net.ShardThreadsProvider;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;

/** Makes shards schedulers of virtual threads, where the JVM allows it. */
public final class VirtualThreadsProvider implements ShardThreadsProvider {
  private static final Logger LOG = System.getLogger("io.millrace.threads");
  private static final AtomicBoolean SAID = new AtomicBoolean();

  /** For the service loader. */
  public VirtualThreadsProvider() {}

  @Override
  public ShardThreads create(Shard shard) {
    if (shard.config().mode() == ShardMode.DRIVEN) {
      return null; // nobody turns the shard while its driver waits
    }
    if (JdkInternals.refusal() != null) {
      sayOnce();
      return null;
    }
    return ShardScheduler.start(shard);
  }

  @Override
  public ShardThreads current() {
    return JdkInternals.refusal() == null ? ShardScheduler.current() : null;
  }

  private static void sayOnce() {
    if (SAID.compareAndSet(false, true)) {
      Module here = VirtualThreadsProvider.class.getModule();
      LOG.log(
          Level.WARNING,
          "virtual threads run beside the shards, not on them ({0}). To have them on the shards,"
              + " start the JVM with --add-opens=java.base/java.lang={1}",
          JdkInternals.refusal(),
          here.isNamed() ? here.getName() : "ALL-UNNAMED");
    }
  }
}

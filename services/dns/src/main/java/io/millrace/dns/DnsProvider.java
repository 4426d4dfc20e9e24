package io.millrace.dns;

import io.millrace.name.NameService;
import io.millrace.name.NameServiceProvider;
import io.millrace.net.Shard;
import java.nio.file.Path;

/** Puts a resolver on each shard; found through {@link java.util.ServiceLoader}. */
public final class DnsProvider implements NameServiceProvider {
  private static final Path RESOLV_CONF = Path.of("/etc/resolv.conf");

  /** For the service loader. */
  public DnsProvider() {}

  @Override
  public NameService create(Shard shard) {
    DnsConfig config = shard.setting(DnsConfig.class, DnsConfig.defaults());
    HostsFile hosts = config.hosts() == null ? HostsFile.EMPTY : HostsFile.read(config.hosts());
    // Without interfaces the stack stands on the system's sockets, and its servers can be reached.
    if (shard.interfaceCount() == 0 && config.servers().isEmpty()) {
      ResolvConf system = ResolvConf.read(RESOLV_CONF);
      config = system.applyTo(config);
    }
    return new DnsResolver(shard, config, hosts);
  }
}

package io.millrace.ipv6.nd;

import io.millrace.link.NeighborTable;
import io.millrace.net.NetInterface;
import java.util.Arrays;

/** The links of a shard, by the index of their interface. */
final class NdLinks {
  private final NdHost host;
  private final NeighborTable neighbors;
  private NdLink[] links = {};

  NdLinks(NdHost host, NeighborTable neighbors) {
    this.host = host;
    this.neighbors = neighbors;
  }

  /** Whether we are a router to those on a link: we forward, or say that we do. */
  boolean isRouter(NetInterface on) {
    return of(on).isAdvertised() || host.isRouter(on);
  }

  NdLink of(NetInterface on) {
    int index = on.index();
    if (index >= links.length) {
      links = Arrays.copyOf(links, index + 1);
    }
    NdLink link = links[index];
    if (link == null) {
      link = new NdLink(on, neighbors);
      links[index] = link;
    }
    return link;
  }
}

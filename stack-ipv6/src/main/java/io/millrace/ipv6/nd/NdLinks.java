package io.millrace.ipv6.nd;

import io.millrace.link.NeighborTable;
import io.millrace.net.NetInterface;
import java.util.Arrays;

/** The links of a shard, by the index of their interface. */
final class NdLinks {
  private final NeighborTable neighbors;
  private NdLink[] links = {};

  NdLinks(NeighborTable neighbors) {
    this.neighbors = neighbors;
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

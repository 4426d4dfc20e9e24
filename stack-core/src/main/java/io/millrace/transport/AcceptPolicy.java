package io.millrace.transport;

/**
 * Which shard a new connection goes to. The shard that the connection's packets hash to decides,
 * for itself and without asking; packets of a connection that it gives away are handed over for as
 * long as the connection lives. The same for every transport with connections.
 */
public sealed interface AcceptPolicy {
  /** The shard that the packets hash to: nothing is ever handed over. The usual choice. */
  AcceptPolicy RSS = new Rss();

  /**
   * The shard with the fewest open connections among those that the deciding shard has given away
   * or kept. With many connections the shards' numbers differ by less than a few per cent, however
   * unevenly the peers' addresses hash.
   */
  AcceptPolicy LEAST_CONNECTIONS = new LeastConnections();

  /**
   * The peer's port modulo the number of shards that listen: for peers that choose their ports so,
   * to have related connections on one shard.
   */
  AcceptPolicy SOURCE_PORT = new SourcePort();

  /** Always the same shard. */
  static AcceptPolicy fixed(int shard) {
    return new Fixed(shard);
  }

  /**
   * Chooses.
   *
   * @param candidates the shards that listen, a bit each; not 0
   * @param owner the deciding shard
   * @param peerPort the peer's port
   * @param load open connections that the deciding shard has placed, by shard
   * @return one of the candidates
   */
  int choose(long candidates, int owner, int peerPort, int[] load);

  /** The owner if it listens, else the next shard that does. */
  private static int nearest(long candidates, int owner) {
    long from = candidates & -1L << owner;
    return Long.numberOfTrailingZeros(from != 0 ? from : candidates);
  }

  /** See {@link #RSS}. */
  record Rss() implements AcceptPolicy {
    @Override
    public int choose(long candidates, int owner, int peerPort, int[] load) {
      return nearest(candidates, owner);
    }
  }

  /** See {@link #LEAST_CONNECTIONS}. */
  record LeastConnections() implements AcceptPolicy {
    @Override
    public int choose(long candidates, int owner, int peerPort, int[] load) {
      // Its own shard first, where all are equal, and the others in turn.
      int best = nearest(candidates, owner);
      for (int i = 1; i < load.length; i++) {
        int shard = (owner + i) % load.length;
        if ((candidates >>> shard & 1) != 0 && load[shard] < load[best]) {
          best = shard;
        }
      }
      return best;
    }
  }

  /** See {@link #SOURCE_PORT}. */
  record SourcePort() implements AcceptPolicy {
    @Override
    public int choose(long candidates, int owner, int peerPort, int[] load) {
      long left = candidates;
      for (int skip = peerPort % Long.bitCount(candidates); skip > 0; skip--) {
        left &= left - 1;
      }
      return Long.numberOfTrailingZeros(left);
    }
  }

  /**
   * See {@link #fixed}.
   *
   * @param shard the shard's number; where it does not listen, the connection stays near its owner
   */
  record Fixed(int shard) implements AcceptPolicy {
    /** Checks the range. */
    public Fixed {
      if (shard < 0 || shard > 63) {
        throw new IllegalArgumentException("shard " + shard + " is not between 0 and 63");
      }
    }

    @Override
    public int choose(long candidates, int owner, int peerPort, int[] load) {
      return (candidates >>> shard & 1) != 0 ? shard : nearest(candidates, owner);
    }
  }
}

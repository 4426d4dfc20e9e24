package io.millrace.transport;

/**
 * A port that all shards of a stack accept connections on. The same for every transport with
 * connections. Any thread may call.
 */
public interface Listening {
  /** Where and how. */
  ListenConfig config();

  /**
   * No new connections from now on, on any shard; those accepted live on. Half-open ones end. When
   * it returns, no further connection will be given to the application.
   *
   * <p>On a thread of one of the shards it returns at once, and that is true only of this shard;
   * the others follow in their next duty cycles.
   */
  void stopAccepting();

  /** Connections accepted so far by one shard. */
  long accepted(int shard);

  /** Connections accepted so far by all shards. */
  long accepted();
}

package io.millrace.flow;

import java.security.SecureRandom;
import java.util.function.Consumer;

/**
 * The flows of one transport on one shard, by address and port pair: open addressing with linear
 * probing, deletion by shifting back, so no tombstones and a lookup cost that does not depend on
 * the number of flows.
 *
 * <p>The hash is keyed per table, so that nobody outside can aim at one slot. Hashes lie in an
 * array of their own: a probe touches the flow itself only where all 32 bits agree. <b>Thread:</b>
 * the shard's. Grows by doubling; a lookup allocates nothing.
 *
 * @param <T> the kind of flow
 */
@SuppressWarnings("ReferenceEquality") // a flow is found by its key, and removed by identity
public final class FlowTable<T extends Flow> {
  private final long secret;
  private final long secret2;
  private int[] hashes;
  private Flow[] flows;
  private int mask;
  private int size;
  private int growAt;

  /** Creates a table with room for {@code expected} flows before it first grows. */
  public FlowTable(int expected, SecureRandom random) {
    secret = random.nextLong();
    secret2 = random.nextLong() | 1;
    int capacity = Integer.highestOneBit(Math.max(expected, 8) * 2 - 1) * 2;
    resize(capacity);
  }

  private void resize(int capacity) {
    hashes = new int[capacity];
    flows = new Flow[capacity];
    mask = capacity - 1;
    growAt = capacity / 2 + capacity / 8;
  }

  /** The number of flows. */
  public int size() {
    return size;
  }

  private int hash(long lHi, long lLo, long rHi, long rLo, int ports) {
    long a = (rLo ^ secret) * 0x9e3779b97f4a7c15L;
    long b = (lLo ^ Long.rotateLeft(secret2, 17)) + (ports & 0xffff_ffffL) * 0xc2b2ae3d27d4eb4fL;
    long c = (rHi ^ lHi * 0x165667b19e3779f9L) * secret2;
    long h = mix(a ^ Long.rotateLeft(a, 29), b ^ secret2) ^ c;
    h = mix(h ^ secret, secret2);
    int folded = (int) (h ^ h >>> 32);
    return folded == 0 ? 1 : folded; // 0 marks an empty slot
  }

  private static long mix(long a, long b) {
    return Math.multiplyHigh(a, b) ^ a * b;
  }

  /** The flow with these addresses and ports, or null. */
  @SuppressWarnings("unchecked")
  public T find(long localHi, long localLo, long remoteHi, long remoteLo, int ports) {
    int hash = hash(localHi, localLo, remoteHi, remoteLo, ports);
    int[] table = hashes;
    int slot = hash & mask;
    int found;
    while ((found = table[slot]) != 0) {
      if (found == hash) {
        Flow flow = flows[slot];
        if (flow.is(localHi, localLo, remoteHi, remoteLo, ports)) {
          return (T) flow;
        }
      }
      slot = slot + 1 & mask;
    }
    return null;
  }

  /** Adds a flow; the caller has made sure that none with the same addresses and ports is there. */
  public void add(T flow) {
    if (size >= growAt) {
      grow();
    }
    flow.tableHash =
        hash(flow.localHi(), flow.localLo(), flow.remoteHi(), flow.remoteLo(), flow.ports());
    insert(flow);
    size++;
  }

  private void insert(Flow flow) {
    int slot = flow.tableHash & mask;
    while (hashes[slot] != 0) {
      slot = slot + 1 & mask;
    }
    hashes[slot] = flow.tableHash;
    flows[slot] = flow;
  }

  private void grow() {
    Flow[] old = flows;
    resize(old.length * 2);
    for (Flow flow : old) {
      if (flow != null) {
        insert(flow);
      }
    }
  }

  /** Takes a flow out; returns whether it was in. */
  public boolean remove(T flow) {
    int slot = flow.tableHash & mask;
    while (flows[slot] != flow) {
      if (hashes[slot] == 0) {
        return false;
      }
      slot = slot + 1 & mask;
    }
    closeGap(slot);
    size--;
    return true;
  }

  /** Puts {@code to} where {@code from} is; both have the same addresses and ports. */
  public void replace(T from, T to) {
    int slot = from.tableHash & mask;
    while (flows[slot] != from) {
      slot = slot + 1 & mask;
    }
    to.tableHash = from.tableHash;
    flows[slot] = to;
  }

  private void closeGap(int gap) {
    int slot = gap;
    while (true) {
      slot = slot + 1 & mask;
      int hash = hashes[slot];
      if (hash == 0) {
        break;
      }
      // An entry may move back into the gap unless its home lies cyclically behind the gap.
      if ((slot - (hash & mask) & mask) >= (slot - gap & mask)) {
        hashes[gap] = hash;
        flows[gap] = flows[slot];
        gap = slot;
      }
    }
    hashes[gap] = 0;
    flows[gap] = null;
  }

  /** Calls {@code action} for each flow, in no order; the action must not add or remove. */
  @SuppressWarnings("unchecked")
  public void forEach(Consumer<? super T> action) {
    for (Flow flow : flows) {
      if (flow != null) {
        action.accept((T) flow);
      }
    }
  }
}

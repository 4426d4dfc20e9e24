package io.millrace.tcp;

import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.Int2ObjectHashMap;

/** The listeners of a shard by port; on one port those with an address of their own come first. */
final class Listeners {
  private final Int2ObjectHashMap<List<StackTcpListener>> byPort = new Int2ObjectHashMap<>();

  void add(StackTcpListener listener) {
    List<StackTcpListener> same =
        byPort.computeIfAbsent(listener.port(), port -> new ArrayList<>(1));
    for (StackTcpListener other : same) {
      if (java.util.Objects.equals(other.address(), listener.address())) {
        throw new IllegalStateException("port " + listener.port() + " is in use");
      }
    }
    same.add(listener.address() == null ? same.size() : 0, listener);
  }

  void remove(StackTcpListener listener) {
    List<StackTcpListener> same = byPort.get(listener.port());
    if (same != null && same.remove(listener) && same.isEmpty()) {
      byPort.remove(listener.port());
    }
  }

  StackTcpListener find(int port, long hi, long lo) {
    List<StackTcpListener> same = byPort.get(port);
    if (same != null) {
      for (int i = 0; i < same.size(); i++) {
        StackTcpListener listener = same.get(i);
        if (listener.isFor(hi, lo)) {
          return listener;
        }
      }
    }
    return null;
  }

  boolean has(int port) {
    return byPort.containsKey(port);
  }

  boolean contains(StackTcpListener listener) {
    List<StackTcpListener> same = byPort.get(listener.port());
    return same != null && same.contains(listener);
  }

  void clear() {
    byPort.clear();
  }
}

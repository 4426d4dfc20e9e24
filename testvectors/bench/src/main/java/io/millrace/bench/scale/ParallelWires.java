package io.millrace.bench.scale;

import io.millrace.buf.FramePool;
import io.millrace.flow.Toeplitz;
import io.millrace.spi.Driver;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

/**
 * A port of several queues, each a wire of its own to the queue of the same number at the other
 * end. Flows are spread as by a network card with a symmetric hash, so a flow has the same queue at
 * both ends; and because both ends choose their queues by that hash, nothing has to compute it per
 * packet, as nothing but the card would.
 */
final class ParallelWires implements Port {
  private final List<Port> wires = new ArrayList<>();
  private final PortInfo info;

  /**
   * Opens one end.
   *
   * @param name of the wires; the first two ends of a name belong together
   * @param mac of this end, in the low byte of a locally administered address
   */
  ParallelWires(String name, int queues, int mac) {
    Driver memory = memory();
    String address = String.format("02:00:00:00:00:%02x", mac);
    for (int i = 0; i < queues; i++) {
      Map<String, String> options = Map.of("ring", "64", "mac", address);
      wires.add(memory.open(new PortConfig(name + "-" + i, options, 1)));
    }
    PortInfo one = wires.get(0).info();
    Toeplitz hash = queues == 1 ? null : Toeplitz.symmetric(queues);
    info = new PortInfo(name, one.mac(), one.mtu(), queues, one.offloads(), 0, hash);
  }

  private static Driver memory() {
    for (Driver driver : ServiceLoader.load(Driver.class)) {
      if (driver.scheme().equals("mem")) {
        return driver;
      }
    }
    throw new IllegalStateException("there are no wires in memory: millrace-driver-mem is missing");
  }

  @Override
  public PortInfo info() {
    return info;
  }

  @Override
  public PortQueue queue(int index, FramePool pool) {
    return wires.get(index).queue(0, pool);
  }

  @Override
  public void close() {
    wires.forEach(Port::close);
  }
}

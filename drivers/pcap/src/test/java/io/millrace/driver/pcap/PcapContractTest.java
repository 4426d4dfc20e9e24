package io.millrace.driver.pcap;

import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.testkit.driver.PortBench;
import io.millrace.testkit.driver.PortContract;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;

/** A replay keeps what every driver promises; the other ends are files. */
final class PcapContractTest extends PortContract {
  @TempDir private Path folder;

  @Override
  protected PortBench open(List<byte[]> arriving) {
    Path in =
        Captures.write(
            folder.resolve("in.pcapng"),
            arriving.stream().map(bytes -> new Captures.Packet(0, bytes)).toList());
    Path out = folder.resolve("out.pcapng");
    Port port =
        new PcapDriver().open(new PortConfig(in.toString(), Map.of("out", out.toString()), 1));
    return new Files(port, out);
  }

  private record Files(Port port, Path out) implements PortBench {
    @Override
    public void start() {}

    @Override
    public void turn() {}

    @Override
    public List<byte[]> sent() {
      return Captures.read(out).stream().map(Captures.Packet::bytes).toList();
    }

    @Override
    public void close() {
      port.close();
    }
  }
}

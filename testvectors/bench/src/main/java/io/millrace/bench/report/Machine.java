package io.millrace.bench.report;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;

/** Where and when something was measured. */
public final class Machine {
  private Machine() {}

  /** What a reader needs to compare with another report. */
  public static Map<String, Object> describe() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS));
    map.put("cpu", cpu());
    map.put("cores", Runtime.getRuntime().availableProcessors());
    map.put("kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    map.put("jdk", System.getProperty("java.vendor") + " " + Runtime.version());
    map.put("load", ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    return map;
  }

  private static String cpu() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
        if (line.startsWith("model name")) {
          return line.substring(line.indexOf(':') + 2);
        }
      }
    } catch (IOException e) {
      // Some systems do not say.
    }
    return System.getProperty("os.arch");
  }
}

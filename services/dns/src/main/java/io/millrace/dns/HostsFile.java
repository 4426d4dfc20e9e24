package io.millrace.dns;

import io.millrace.ip.IpAddress;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** Hosts that are known without asking: lines of an address and its names (RFC 952's successor). */
final class HostsFile {
  static final HostsFile EMPTY = new HostsFile(Map.of());

  private static final Logger LOG = System.getLogger("io.millrace.dns");
  private static final Pattern SPACE = Pattern.compile("\\s+");
  private static final long MOST_BYTES = 16 << 20;

  private final Map<String, List<IpAddress>> hosts;

  private HostsFile(Map<String, List<IpAddress>> hosts) {
    this.hosts = hosts;
  }

  /**
   * Reads a file; one that is not there is empty, one that cannot be read is, too, and is logged.
   */
  static HostsFile read(Path file) {
    try {
      if (Files.size(file) > MOST_BYTES) {
        throw new IOException("larger than " + MOST_BYTES + " bytes");
      }
      return parse(Files.readString(file, StandardCharsets.ISO_8859_1).lines().toList());
    } catch (NoSuchFileException e) {
      return EMPTY;
    } catch (IOException e) {
      LOG.log(Level.WARNING, "the hosts file {0} is left out: {1}", file, e.getMessage());
      return EMPTY;
    }
  }

  /** Reads lines; what is no address is passed over, as the system does. */
  static HostsFile parse(List<String> lines) {
    Map<String, List<IpAddress>> hosts = new HashMap<>();
    for (String line : lines) {
      int comment = line.indexOf('#');
      String[] words = SPACE.split((comment < 0 ? line : line.substring(0, comment)).strip(), 0);
      IpAddress address = address(words[0]);
      for (int i = 1; address != null && i < words.length; i++) {
        List<IpAddress> known = hosts.computeIfAbsent(key(words[i]), name -> new ArrayList<>());
        if (!known.contains(address)) {
          known.add(address);
        }
      }
    }
    return new HostsFile(hosts);
  }

  private static IpAddress address(String word) {
    try {
      return IpAddress.parse(word);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static String key(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
  }

  /** The addresses of a host, of both families, or null if it is not in the file. */
  List<IpAddress> get(String host) {
    return hosts.get(key(host));
  }
}

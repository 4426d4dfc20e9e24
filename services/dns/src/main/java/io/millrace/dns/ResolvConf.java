package io.millrace.dns;

import io.millrace.ip.IpAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** What resolv.conf(5) says: the system's servers, its search list and its ndots. */
record ResolvConf(List<IpAddress> servers, List<String> search, int ndots) {
  private static final Pattern SPACE = Pattern.compile("\\s+");
  private static final int MOST_SERVERS = 3;
  private static final int MOST_DOMAINS = 6;
  private static final int MOST_DOTS = 15;

  /**
   * Reads a file; one that cannot be read means the server on this host, as resolv.conf(5) says.
   */
  static ResolvConf read(Path file) {
    try {
      return parse(Files.readString(file, StandardCharsets.ISO_8859_1).lines().toList());
    } catch (IOException e) {
      return parse(List.of());
    }
  }

  static ResolvConf parse(List<String> lines) {
    List<IpAddress> servers = new ArrayList<>();
    List<String> search = List.of();
    int ndots = 1;
    for (String line : lines) {
      String[] words = SPACE.split(line.strip());
      if (words.length < 2) {
        continue;
      }
      switch (words[0]) {
        case "nameserver" -> addServer(servers, words[1]);
        // The last of these lines counts.
        case "domain" -> search = List.of(words[1]);
        case "search" ->
            search = List.of(words).subList(1, Math.min(words.length, MOST_DOMAINS + 1));
        case "options" -> ndots = ndots(words, ndots);
        default -> {}
      }
    }
    if (servers.isEmpty()) {
      servers.add(IpAddress.parse("127.0.0.1"));
    }
    return new ResolvConf(List.copyOf(servers), List.copyOf(search), ndots);
  }

  private static void addServer(List<IpAddress> servers, String word) {
    try {
      // A scope cannot be kept: a server with one could not be reached.
      if (servers.size() < MOST_SERVERS && word.indexOf('%') < 0) {
        servers.add(IpAddress.parse(word));
      }
    } catch (IllegalArgumentException e) {
      // The system passes over what it cannot read.
    }
  }

  private static int ndots(String[] words, int otherwise) {
    for (String word : words) {
      if (word.startsWith("ndots:")) {
        try {
          return Math.clamp(Integer.parseInt(word.substring(6)), 0, MOST_DOTS);
        } catch (NumberFormatException e) {
          return otherwise;
        }
      }
    }
    return otherwise;
  }

  /** The configuration with what it leaves open. */
  DnsConfig applyTo(DnsConfig config) {
    String[] addresses = servers.stream().map(IpAddress::toString).toArray(String[]::new);
    DnsConfig with = config.withServers(addresses);
    return config.search().isEmpty()
        ? with.withSearch(search.toArray(String[]::new)).withNdots(ndots)
        : with;
  }
}

package io.millrace.apps.http;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * What a web server serves, and its limits.
 *
 * @param root the folder whose files are served, or null for none
 * @param pages pages by path, such as {@code /}; they come before files of the same name
 * @param connections the most connections a shard serves at once; one more is refused with a reset
 * @param files the most files a shard keeps open
 * @param headTimeout how long the head of a request may take from its first byte
 * @param idleTimeout how long a connection may be open without a request
 * @param stallTimeout how long a body, in either direction, may make no progress
 */
public record HttpConfig(
    Path root,
    Map<String, Page> pages,
    int connections,
    int files,
    Duration headTimeout,
    Duration idleTimeout,
    Duration stallTimeout) {
  /**
   * A page in memory.
   *
   * @param contentType such as {@code text/html; charset=utf-8}
   * @param bytes off-heap memory that stays valid and unchanged for as long as the server runs
   */
  public record Page(String contentType, MemorySegment bytes) {}

  /** Checks the limits. */
  public HttpConfig {
    pages = Map.copyOf(pages);
    if (connections < 1 || files < 1) {
      throw new IllegalArgumentException("a web server needs at least one connection and one file");
    }
  }

  /**
   * No root and no pages; 100,000 connections, 512 files, 10 s for a head, 75 s idle, 60 s stalled.
   */
  public static HttpConfig defaults() {
    return new HttpConfig(
        null,
        Map.of(),
        100_000,
        512,
        Duration.ofSeconds(10),
        Duration.ofSeconds(75),
        Duration.ofSeconds(60));
  }

  /** The same, serving the files of {@code folder}. */
  public HttpConfig withRoot(Path folder) {
    return new HttpConfig(
        folder, pages, connections, files, headTimeout, idleTimeout, stallTimeout);
  }

  /** The same with one more page. */
  public HttpConfig withPage(String path, Page page) {
    Map<String, Page> all = new HashMap<>(pages);
    all.put(path, page);
    return new HttpConfig(root, all, connections, files, headTimeout, idleTimeout, stallTimeout);
  }

  /** The same with another limit of connections. */
  public HttpConfig withConnections(int most) {
    return new HttpConfig(root, pages, most, files, headTimeout, idleTimeout, stallTimeout);
  }

  /** The same with other timeouts. */
  public HttpConfig withTimeouts(Duration head, Duration idle, Duration stall) {
    return new HttpConfig(root, pages, connections, files, head, idle, stall);
  }
}

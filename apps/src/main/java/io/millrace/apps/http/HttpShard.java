package io.millrace.apps.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.millrace.buf.Bytes;
import io.millrace.net.Shard;
import java.io.IOException;
import java.time.InstantSource;

/** What the connections of one shard share. <b>Thread:</b> the shard's, but for the totals. */
final class HttpShard {
  /** Heads that may be half received at once, 16 KiB each. */
  private static final int HEAD_BLOCKS = 1_024;

  private final Shard shard;
  private final HttpConfig config;
  private final SiteRoot root;
  private final ReadAhead readAhead;
  private final ResourceCache cache;
  private final HeadBlocks blocks = new HeadBlocks(HEAD_BLOCKS);
  private final HttpDate date;
  private final long headTimeout;
  private final long idleTimeout;
  private final long stallTimeout;

  private int findStatus;
  private long open;
  private long accepted;
  private long refused;
  private long requests;
  private long errors;
  private long bodyBytesIn;
  private long bodyBytesOut;

  HttpShard(Shard shard, HttpConfig config, SiteRoot root, ReadAhead readAhead) {
    this.shard = shard;
    this.readAhead = readAhead;
    this.config = config;
    this.root = root;
    this.cache = new ResourceCache(config.files());
    this.date = new HttpDate(InstantSource.system(), shard.clock().now());
    this.headTimeout = config.headTimeout().toNanos();
    this.idleTimeout = config.idleTimeout().toNanos();
    this.stallTimeout = config.stallTimeout().toNanos();
    config
        .pages()
        .forEach(
            (path, page) ->
                cache.addPage(
                    path.getBytes(ISO_8859_1),
                    new Resource(page.contentType(), Content.of(page.bytes()))));
  }

  /**
   * The resource that a request asks for; null if there is none, and then {@link #findStatus()}
   * says why. Files are opened on the shard's thread: the first request for one waits for the disk,
   * and so do the connections beside it.
   */
  Resource find(RequestHead head) {
    long now = now();
    Resource known = cache.find(head.target(), head.targetLength(), now);
    if (known != null) {
      return known;
    }
    if (root == null) {
      findStatus = 404;
      return null;
    }
    byte[] target = new byte[head.targetLength()];
    Bytes.copyOut(head.target(), target, 0, target.length);
    SiteRoot.Found found = root.find(target);
    findStatus = found.status();
    if (findStatus != 200) {
      return null;
    }
    try {
      Resource opened = cache.open(target, found.file(), now);
      if (opened.content().isMapped()) {
        readAhead.start(opened.content(), shard);
      }
      return opened;
    } catch (IOException e) {
      findStatus = 404;
      return null;
    }
  }

  int findStatus() {
    return findStatus;
  }

  boolean admit() {
    if (open >= config.connections()) {
      refused++;
      return false;
    }
    accepted++;
    open++;
    return true;
  }

  void closed() {
    open--;
  }

  void requested() {
    requests++;
  }

  void failed() {
    errors++;
  }

  void received(long bytes) {
    bodyBytesIn += bytes;
  }

  void sent(long bytes) {
    bodyBytesOut += bytes;
  }

  /** Any thread: what has been counted, at most a moment old. */
  HttpTotals totals() {
    return new HttpTotals(open, accepted, refused, requests, errors, bodyBytesIn, bodyBytesOut);
  }

  Shard shard() {
    return shard;
  }

  long now() {
    return shard.clock().now();
  }

  HttpDate date() {
    date.update(now());
    return date;
  }

  HeadBlocks blocks() {
    return blocks;
  }

  long headTimeout() {
    return headTimeout;
  }

  long idleTimeout() {
    return idleTimeout;
  }

  long stallTimeout() {
    return stallTimeout;
  }

  void close() {
    cache.close();
  }
}

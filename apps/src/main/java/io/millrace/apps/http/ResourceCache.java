package io.millrace.apps.http;

import io.millrace.buf.Bytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;

/**
 * Open files by the bytes of the target that asked for them, at most a fixed number; and pages,
 * which stay. Finding one allocates nothing. A file is looked at again at most once a second (a
 * mapped one that has become shorter at once), and opened again if its size or time has changed.
 * <b>Thread:</b> the shard's.
 */
final class ResourceCache {
  private static final long CHECK_INTERVAL = 1_000_000_000L;
  private static final int BUCKETS = 1_024;

  private static final class Entry {
    final byte[] target;
    final int hash;
    final Resource resource;

    /** Null for a page. */
    final Path file;

    final FileTime modified;
    long checkedAt;
    long usedAt;
    Entry next;

    Entry(byte[] target, Resource resource, Path file, FileTime modified, long now) {
      this.target = target;
      this.hash = hash(target);
      this.resource = resource;
      this.file = file;
      this.modified = modified;
      this.checkedAt = now;
      this.usedAt = now;
    }
  }

  private final Entry[] buckets = new Entry[BUCKETS];
  private final int mostFiles;
  private int files;

  ResourceCache(int mostFiles) {
    this.mostFiles = mostFiles;
  }

  /** Adds a page that stays. */
  void addPage(byte[] target, Resource page) {
    insert(new Entry(target, page, null, null, 0));
  }

  /** The resource of the target at {@code address}, or null if it is not here or not as it was. */
  Resource find(long address, int length, long now) {
    Entry entry = lookUp(address, length);
    if (entry == null) {
      return null;
    }
    entry.usedAt = now;
    boolean isDue = now - entry.checkedAt >= CHECK_INTERVAL || entry.resource.content().hasShrunk();
    if (entry.file != null && isDue) {
      entry.checkedAt = now;
      if (hasChanged(entry)) {
        remove(entry);
        return null;
      }
    }
    return entry.resource;
  }

  /** Opens {@code file} for {@code target} and keeps it. */
  Resource open(byte[] target, Path file, long now) throws IOException {
    // The time is read first: a change while the file is opened is then found by the next check.
    FileTime modified = Files.getLastModifiedTime(file);
    Content content = Content.open(file);
    Resource resource = new Resource(ContentTypes.of(file.getFileName().toString()), content);
    if (files == mostFiles) {
      remove(leastRecentlyUsed());
    }
    insert(new Entry(target, resource, file, modified, now));
    files++;
    return resource;
  }

  /** Lets go of all files and pages. */
  void close() {
    for (int i = 0; i < BUCKETS; i++) {
      for (Entry entry = buckets[i]; entry != null; entry = entry.next) {
        entry.resource.content().release();
      }
      buckets[i] = null;
    }
    files = 0;
  }

  int size() {
    return files;
  }

  private Entry lookUp(long address, int length) {
    int hash = 0;
    for (int i = 0; i < length; i++) {
      hash = hash * 31 + Bytes.u8(address + i);
    }
    Entry entry = buckets[spread(hash)];
    while (entry != null && !(entry.hash == hash && is(entry.target, address, length))) {
      entry = entry.next;
    }
    return entry;
  }

  private static int hash(byte[] target) {
    int hash = 0;
    for (byte c : target) {
      hash = hash * 31 + (c & 0xff);
    }
    return hash;
  }

  private static int spread(int hash) {
    return (hash ^ hash >>> 15) & BUCKETS - 1;
  }

  private static boolean is(byte[] target, long address, int length) {
    if (target.length != length) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if ((target[i] & 0xff) != Bytes.u8(address + i)) {
        return false;
      }
    }
    return true;
  }

  private static boolean hasChanged(Entry entry) {
    try {
      BasicFileAttributes now = Files.readAttributes(entry.file, BasicFileAttributes.class);
      return now.size() != entry.resource.content().size()
          || !now.lastModifiedTime().equals(entry.modified);
    } catch (IOException e) {
      return true;
    }
  }

  private Entry leastRecentlyUsed() {
    Entry oldest = null;
    for (Entry entry : buckets) {
      for (; entry != null; entry = entry.next) {
        if (entry.file != null && (oldest == null || entry.usedAt < oldest.usedAt)) {
          oldest = entry;
        }
      }
    }
    return oldest;
  }

  private void insert(Entry entry) {
    int bucket = spread(entry.hash);
    entry.next = buckets[bucket];
    buckets[bucket] = entry;
  }

  private void remove(Entry gone) {
    int bucket = spread(gone.hash);
    if (buckets[bucket] == gone) {
      buckets[bucket] = gone.next;
    } else {
      Entry before = buckets[bucket];
      while (before.next != gone) {
        before = before.next;
      }
      before.next = gone.next;
    }
    files--;
    gone.resource.content().release();
  }
}

package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.ipv4.Ping;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.udp.Udp;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * A shard shares nothing while it handles packets: the compiled classes of the packet path hold no
 * lock, no compare-and-swap and no volatile access. Each exception has a reason, and is gone from
 * here once it is gone from the code.
 */
@Order(1)
class LockFreeBytecodeTest {
  private static final List<Class<?>> MODULES =
      List.of(Shard.class, Ping.class, io.millrace.ipv6.Ping.class, Udp.class, Tcp.class);

  private static final Set<String> PACKAGES =
      Set.of("buf", "flow", "ip", "ipv4", "ipv6", "link", "net", "tcp", "time", "transport", "udp");

  /** A class, or a class and method, and why it may. */
  private static final Map<String, String> ALLOWED =
      Map.ofEntries(
          Map.entry("io.millrace.net.Mailbox", "other threads leave messages in it"),
          Map.entry("io.millrace.net.Sleeper", "other threads wake the shard up"),
          Map.entry("io.millrace.net.ShardThread", "another thread tells it to stop"),
          Map.entry(
              "io.millrace.net.NetStack", "any thread closes it, and another may wait for that"),
          Map.entry("io.millrace.net.ShardTasks.submit", "called by other threads"),
          Map.entry(
              "io.millrace.net.Shard.isOwner", "asks whether the caller is the shard's thread"),
          Map.entry(
              "io.millrace.buf.Region", "any thread opens and closes it; frames do not touch it"),
          Map.entry(
              "io.millrace.buf.Bytes",
              "drivers share rings with devices; protocols may not call these"),
          Map.entry(
              "io.millrace.net.ShardGroup",
              "asks its bells once per duty cycle whether another shard has sent anything"),
          Map.entry(
              "io.millrace.net.Inlet", "reads what another shard has sent: one writer, one reader"),
          Map.entry("io.millrace.net.Outlet", "writes to another shard: one writer, one reader"),
          Map.entry("io.millrace.net.ShardMesh", "makes the rings, before shards run"),
          Map.entry(
              "io.millrace.net.MapReduce", "its result is for any thread; not the packet path"),
          Map.entry(
              "io.millrace.net.StallWatch",
              "a thread of its own that looks at shards from outside"),
          Map.entry(
              "io.millrace.net.ShardTasks.postpone",
              "refuses by the exception that executors throw"),
          Map.entry(
              "io.millrace.tcp.TcpListening", "called by other threads, waits for the shards"));

  @Test
  void packet_path_has_no_lock_and_no_atomic_access() throws IOException {
    Set<String> used = new TreeSet<>();
    Set<String> violations = new TreeSet<>();
    int classes = 0;
    for (Class<?> module : MODULES) {
      for (byte[] bytes : classesBeside(module)) {
        SharedAccess access = SharedAccess.in(ClassFile.of().parse(bytes));
        if (!PACKAGES.contains(partOfStack(access.className()))) {
          continue;
        }
        classes++;
        for (SharedAccess.Use use : access.uses()) {
          String allowed = allowedBy(use);
          if (allowed == null) {
            violations.add(use.toString());
          } else {
            used.add(allowed);
          }
        }
      }
    }
    assertThat(classes).as("classes looked at").isGreaterThan(80);
    assertThat(violations).isEmpty();
    assertThat(used).as("exceptions that are needed").isEqualTo(new TreeSet<>(ALLOWED.keySet()));
  }

  /** {@code tcp} for {@code io.millrace.tcp.engine.Tcb}. */
  private static String partOfStack(String className) {
    String[] parts = className.split("\\.", -1);
    return parts.length > 2 && className.startsWith("io.millrace.") ? parts[2] : "";
  }

  private static String allowedBy(SharedAccess.Use use) {
    String outermost = use.className().replaceFirst("\\$.*", "");
    if (ALLOWED.containsKey(outermost)) {
      return outermost;
    }
    String method = outermost + "." + use.method();
    return ALLOWED.containsKey(method) ? method : null;
  }

  /** All classes of the folder or jar that {@code one} comes from. */
  private static List<byte[]> classesBeside(Class<?> one) throws IOException {
    Path place =
        Path.of(URI.create(one.getProtectionDomain().getCodeSource().getLocation().toString()));
    if (Files.isDirectory(place)) {
      return classesUnder(place);
    }
    try (FileSystem jar = FileSystems.newFileSystem(place)) {
      return classesUnder(jar.getPath("/"));
    }
  }

  private static List<byte[]> classesUnder(Path root) throws IOException {
    List<byte[]> all = new ArrayList<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".class")).toList()) {
        all.add(Files.readAllBytes(file));
      }
    }
    return all;
  }

  @Test
  void every_kind_of_shared_access_would_be_found() throws IOException {
    String name = Sample.class.getName();
    try (var in = Sample.class.getResourceAsStream("/" + name.replace('.', '/') + ".class")) {
      SharedAccess access = SharedAccess.in(ClassFile.of().parse(in.readAllBytes()));
      assertThat(access.uses().stream().map(use -> use.method() + ": " + use.what()))
          .contains(
              "volatileField: declared volatile",
              "writesVolatile: writes the volatile field volatileField",
              "readsVolatile: reads the volatile field volatileField",
              "locks: takes a monitor",
              "isSynchronized: is synchronized",
              "counts: uses java.util.concurrent.atomic.AtomicLong",
              "inALambda: uses java.util.concurrent.atomic.AtomicLong")
          .noneMatch(use -> use.startsWith("isPlain"));
    }
  }

  @SuppressWarnings({"unused", "NonAtomicVolatileUpdate"}) // only its bytecode is looked at
  private static final class Sample {
    private volatile int volatileField;
    private int plain;

    void writesVolatile() {
      volatileField = 1;
    }

    int readsVolatile() {
      return volatileField;
    }

    void locks() {
      synchronized (this) {
        plain = 1;
      }
    }

    synchronized int isSynchronized() {
      return plain;
    }

    static long counts(AtomicLong counter) {
      return counter.incrementAndGet();
    }

    Runnable inALambda(AtomicLong counter) {
      return () -> counter.incrementAndGet();
    }

    int isPlain() {
      return plain++;
    }
  }
}

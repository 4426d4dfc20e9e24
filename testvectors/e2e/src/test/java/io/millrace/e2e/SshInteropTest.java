package io.millrace.e2e;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.transport.AcceptPolicy;
import io.millrace.transport.ListenConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Interactive sessions of OpenSSH through a relay on our stack, two shards over AF_XDP: the client
 * and the server are the kernel's. They idle, type, print ten megabytes, and idle again.
 */
@Order(49)
class SshInteropTest {
  private static final int SESSIONS = 4;
  private static final int SSH = 22;
  private static final int SERVER = 2222;

  /** Numbers that make ten megabytes, a line each. */
  private static final int LINES = 1_300_000;

  private static final int TYPED = 20;
  private static final int IDLE_SECONDS = Lab.FULL ? 120 : 3;

  @TempDir Path folder;
  private Lab lab;

  @BeforeEach
  void open() throws IOException {
    Lab.assume("ssh", "sshd", "ssh-keygen", "ip", "ethtool");
    lab = Lab.open(Link.XDP_TWO_QUEUES);
    for (String key : List.of("host", "user")) {
      lab.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder.resolve(key).toString());
    }
    Files.writeString(
        folder.resolve("config"),
        """
        ListenAddress %s:%d
        HostKey %s
        AuthorizedKeysFile %s
        PidFile none
        StrictModes no
        UsePAM no
        PermitRootLogin yes
        PrintMotd no
        ClientAliveInterval 1
        ClientAliveCountMax 60
        """
            .formatted(Lab.KERNEL, SERVER, folder.resolve("host"), folder.resolve("user.pub")));
    // It insists on a folder that is there only where it is installed as a service, and what a
    // person's shell does when it starts is not to be on our screens. The namespace has mounts of
    // its own, so nobody else sees these.
    lab.start(
        "sh",
        "-c",
        "mount -t tmpfs tmpfs /run && mkdir /run/sshd && mount -t tmpfs tmpfs '%s'"
                .formatted(System.getProperty("user.home"))
            + " && exec \"$(command -v sshd)\" -D -e -f "
            + folder.resolve("config"));
    lab.awaitListener("tcp", SERVER);
    ListenConfig where = ListenConfig.port(SSH).withPolicy(AcceptPolicy.LEAST_CONNECTIONS);
    Tcp.listen(lab.stack(), where, c -> Relay.to(c, Lab.KERNEL_ADDRESS, SERVER));
  }

  @AfterEach
  void close() {
    if (lab != null) {
      lab.close();
    }
  }

  /** A session with a terminal, whose shell has no prompt. */
  private final class Session {
    private final Process ssh =
        lab.start(
            "ssh",
            "-tt",
            "-F",
            "none",
            "-i",
            folder.resolve("user").toString(),
            "-o",
            "BatchMode=yes",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "LogLevel=ERROR",
            "-o",
            "ServerAliveInterval=1",
            "-o",
            "ServerAliveCountMax=60",
            System.getProperty("user.name") + "@" + Lab.STACK,
            "PS1= ENV= exec sh");
    private final OutputStream keyboard = ssh.getOutputStream();
    private final InputStream screen = ssh.getInputStream();

    /** Types a command, each letter when the last one is on the screen. */
    private void type(String command) throws IOException {
      for (byte letter : command.getBytes(US_ASCII)) {
        keyboard.write(letter);
        keyboard.flush();
        expect(new String(new byte[] {letter}, US_ASCII));
      }
      keyboard.write('\n');
      keyboard.flush();
      expect("\r\n");
    }

    private void expect(String text) throws IOException {
      String shown = new String(screen.readNBytes(text.length()), US_ASCII);
      if (!shown.equals(text)) {
        byte[] rest = screen.readNBytes(screen.available());
        assertThat(shown + new String(rest, US_ASCII)).as("on the screen").isEqualTo(text);
      }
    }

    private void idle() throws IOException {
      type("sleep " + IDLE_SECONDS + "; echo awake");
      expect("awake\r\n");
    }

    private void run() throws IOException {
      idle();
      for (int i = 0; i < TYPED; i++) {
        type("echo $((" + i + " * 7))");
        expect(i * 7 + "\r\n");
      }
      type("seq " + LINES);
      StringBuilder some = new StringBuilder();
      for (int i = 1; i <= LINES; i++) {
        some.append(i).append("\r\n");
        if (i % 10_000 == 0) {
          expect(some.toString());
          some.setLength(0);
        }
      }
      idle();
      type("exit 7");
      assertThat(new String(screen.readAllBytes(), US_ASCII)).isEmpty();
      assertThat(Lab.exitCode(ssh)).isEqualTo(7);
    }
  }

  private CompletableFuture<Void> session() {
    CompletableFuture<Void> end = new CompletableFuture<>();
    Session session = new Session();
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                session.run();
                end.complete(null);
              } catch (IOException | RuntimeException | AssertionError e) {
                end.completeExceptionally(e);
              }
            });
    return end;
  }

  @Test
  void sessions_idle_and_type_and_print_without_an_error() {
    List<CompletableFuture<Void>> sessions = new ArrayList<>();
    for (int i = 0; i < SESSIONS; i++) {
      sessions.add(session());
    }
    for (CompletableFuture<Void> session : sessions) {
      Await.value("the end of a session", session);
    }
    for (int i = 0; i < 2; i++) {
      Shard shard = lab.stack().shard(i);
      Await.until(
          "the end of all connections",
          () -> Await.ask(shard, () -> Tcp.of(shard).connectionCount() == 0));
      assertThat(shard.counters().get(Counter.TCP_ACTIVE_OPENS))
          .as("sessions of shard %d", i)
          .isEqualTo(SESSIONS / 2);
    }
    assertThat(lab.stack().count(Counter.TCP_OUT_RSTS)).as("resets").isZero();
    lab.assertNothingThrown();
  }
}

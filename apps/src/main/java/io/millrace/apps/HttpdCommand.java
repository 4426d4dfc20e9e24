package io.millrace.apps;

import io.millrace.apps.http.BuiltInPage;
import io.millrace.apps.http.HttpConfig;
import io.millrace.apps.http.HttpServer;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Serves files, or a page about itself, until it is stopped. */
@Command(
    name = "httpd",
    description = "A web server on a stack of its own.",
    footer = {
      "",
      "Besides the files: /stats and /stats.json tell what the stack has counted; PUT or",
      "POST to /sink takes anything and answers with its SHA-256 and length.",
      "",
      "Examples:",
      "  sudo ./millrace httpd                        then: curl http://10.77.0.2/",
      "  sudo ./millrace httpd --root /srv/www --driver tap:mr0,address=10.0.0.1/24 \\",
      "                   --address 10.0.0.2/24"
    })
final class HttpdCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private StackOptions stackOptions;

  @Option(
      names = "--root",
      paramLabel = "DIR",
      description = "The folder whose files are served. Default: one page about Millrace")
  private Path root;

  @Option(
      names = "--port",
      paramLabel = "N",
      converter = Converters.TransportPort.class,
      defaultValue = "80",
      description = "The TCP port. Default: ${DEFAULT-VALUE}")
  private int port;

  @Override
  public Integer call() throws InterruptedException {
    HttpConfig config = HttpConfig.defaults();
    if (root == null) {
      config = config.withPage("/", BuiltInPage.page());
    } else if (!Files.isDirectory(root) || !Files.isReadable(root)) {
      throw new Failure(root + " is not a folder that can be read");
    } else {
      config = config.withRoot(root);
    }
    PrintWriter out = spec.commandLine().getOut();
    try (RunningStack running = serve(config, out)) {
      running.awaitEnd();
    }
    return 0;
  }

  private RunningStack serve(HttpConfig config, PrintWriter out) throws InterruptedException {
    NetStack stack = stackOptions.start();
    IpAddress address;
    try {
      HttpServer.listen(stack, port, config);
      address = stackOptions.awaitAddress(stack);
    } catch (IOException e) {
      stack.close();
      throw new Failure(root + " cannot be read: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      stack.close();
      throw e;
    }
    String url = "http://" + StackOptions.inUrl(address) + (port == 80 ? "/" : ":" + port + "/");
    out.printf(
        "Web server on %s, %s%n",
        url, root == null ? "with a page about Millrace" : "serving " + root);
    out.printf("  connected to  %s%n", Ports.describe(stack));
    out.printf("  try           curl %s%n", url);
    out.printf("  counters      curl %sstats%n", url);
    out.printf("  stop          Ctrl-C%n");
    return new RunningStack(stack, out);
  }
}

package io.millrace.bench.net.client;

import java.util.Locale;

/** {@link FrameEcho} as a program. */
public final class FrameEchoMain {
  private FrameEchoMain() {}

  /**
   * Reflects until it is killed; or measures, and prints {@code result echoes=N} per second.
   *
   * @param args {@code reflect PORT}; or {@code generate PORT WINDOW SIZE SECONDS}; or {@code both
   *     PORT CORE CORE WINDOW SIZE SECONDS}, two threads at the ends of a wire in memory
   */
  public static void main(String[] args) throws InterruptedException {
    switch (args[0]) {
      case "reflect" -> {
        try (FrameEcho echo = new FrameEcho(args[1])) {
          echo.reflect();
        }
      }
      case "generate" -> {
        try (FrameEcho echo = new FrameEcho(args[1])) {
          generate(echo, args, 2);
        }
      }
      default -> both(args);
    }
  }

  private static void both(String[] args) throws InterruptedException {
    try (FrameEcho near = new FrameEcho(args[1]);
        FrameEcho far = new FrameEcho(args[1])) {
      Thread reflector =
          new Thread(
              () -> {
                FrameEcho.pin(Integer.parseInt(args[2]));
                far.reflect();
              },
              "reflector");
      reflector.start();
      FrameEcho.pin(Integer.parseInt(args[3]));
      generate(near, args, 4);
      reflector.interrupt();
      reflector.join();
    }
  }

  private static void generate(FrameEcho echo, String[] args, int at) {
    int window = Integer.parseInt(args[at]);
    int size = Integer.parseInt(args[at + 1]);
    double seconds = Double.parseDouble(args[at + 2]);
    echo.generate(window, size, Math.max(2, seconds)); // warm-up
    System.out.printf(Locale.ROOT, "result echoes=%.0f%n", echo.generate(window, size, seconds));
  }
}

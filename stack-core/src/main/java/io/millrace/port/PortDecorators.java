package io.millrace.port;

import io.millrace.capture.CaptureWriter;
import io.millrace.spi.Port;
import io.millrace.spi.PortException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The options of a port's name that are not the driver's: they wrap the port, or say how the stack
 * uses it.
 *
 * <ul>
 *   <li>{@code vlan=N} puts the interface on an 802.1Q network, 1 to 4094.
 *   <li>{@code capture=FILE} writes what is received and sent to a pcapng file, {@code snap=N} at
 *       most N bytes of each packet. The file shows the wire: what the impairment lost on the way
 *       out is not in it, what it loses on the way in is. Where the port fills in checksums they
 *       are not in the file yet.
 *   <li>{@code loss=2%}, {@code duplicate=1%}, {@code reorder=1%} with {@code reorder-gap=3},
 *       {@code corrupt=0.1%}, {@code delay=5ms} with {@code jitter=1ms}, {@code rate=100mbit} with
 *       {@code queue=1000}, {@code narrow=1300}, {@code seed=N} and {@code impair=in|out|both} make
 *       the link bad, see {@link Impairment}.
 * </ul>
 */
public final class PortDecorators {
  private static final Set<String> OURS = ours();
  private static final int MAX_VLAN = 4094;

  private PortDecorators() {}

  private static Set<String> ours() {
    Set<String> keys = new HashSet<>(Impairment.KEYS);
    keys.addAll(Set.of("vlan", "capture", "snap"));
    return Set.copyOf(keys);
  }

  /** The options that are left for the driver. */
  public static Map<String, String> driverOptions(Map<String, String> all) {
    Map<String, String> rest = new LinkedHashMap<>(all);
    rest.keySet().removeAll(OURS);
    return rest;
  }

  /**
   * Reads our options without doing anything, so that a mistake shows before a device is opened.
   *
   * @throws PortException with one sentence if a value is not understood
   */
  public static void check(Map<String, String> options) {
    vlan(options);
    captureFile(options);
    snapLength(options);
    Impairment.parse(options);
  }

  /** Whether the port may merge and segment packets: not if packets are to be lost one by one. */
  public static boolean allowOffload(Map<String, String> options) {
    return !Impairment.parse(options).impairs();
  }

  /** The 802.1Q network of the option {@code vlan}, 0 if there is none. */
  public static int vlan(Map<String, String> options) {
    return (int) new Options(options).number("vlan", 0, 1, MAX_VLAN);
  }

  /**
   * Wraps {@code port} as the options say. The result owns the port.
   *
   * @throws PortException with one sentence if a value is not understood, or the capture file
   *     cannot be written
   */
  public static Port apply(Port port, Map<String, String> options) {
    Path file = captureFile(options);
    Impairment impairment = Impairment.parse(options);
    Port wrapped = file == null ? port : capture(port, file, snapLength(options));
    return impairment.impairs() ? impair(wrapped, impairment) : wrapped;
  }

  /**
   * Writes what {@code port} receives and sends to a pcapng file. The result owns the port.
   *
   * @param snapLength the most bytes of a packet to keep, 1 to 262,144
   * @throws PortException with one sentence if the file cannot be written
   */
  public static Port capture(Port port, Path file, int snapLength) {
    return new CapturingPort(port, file, snapLength);
  }

  /** Puts a bad link before {@code port}. The result owns the port. */
  public static Port impair(Port port, Impairment impairment) {
    return new ImpairedPort(port, impairment);
  }

  private static Path captureFile(Map<String, String> options) {
    String text = options.get("capture");
    if (text == null) {
      return null;
    }
    // A key without a value arrives as "on".
    if (!text.isEmpty() && !text.equals("on")) {
      try {
        return Path.of(text);
      } catch (InvalidPathException e) {
        throw new PortException("option capture=" + text + " is not the name of a file", e);
      }
    }
    throw new PortException("option capture: give the file to write, as in capture=out.pcapng");
  }

  private static int snapLength(Map<String, String> options) {
    Options ours = new Options(options);
    ours.needs("snap", "capture");
    int most = CaptureWriter.MAX_SNAP_LENGTH;
    return (int) ours.number("snap", most, 1, most);
  }
}

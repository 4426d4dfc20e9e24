package io.millrace.apps;

import io.millrace.net.NetStack;
import io.millrace.spi.PortInfo;
import java.util.stream.Collectors;

/** Says what ports a stack has. */
final class Ports {
  private Ports() {}

  static String describe(NetStack stack) {
    return stack.ports().stream().map(Ports::describe).collect(Collectors.joining("; "));
  }

  private static String describe(PortInfo port) {
    if (port.mac() == 0) {
      return port.name() + ", the sockets of this machine";
    }
    String mac = String.format("%012x", port.mac()).replaceAll("(..)(?!$)", "$1:");
    return port.name() + ", " + mac + ", MTU " + port.mtu();
  }
}

package io.millrace.apps;

import io.millrace.ip.IpAddress;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/** From the name of a host to its address. */
final class Hosts {
  private Hosts() {}

  /** A name is looked up by the system: the stack has no resolver. */
  static IpAddress resolve(String host) {
    try {
      for (InetAddress address : InetAddress.getAllByName(host)) {
        if (address instanceof Inet4Address) {
          return IpAddress.of(address);
        }
      }
    } catch (UnknownHostException e) {
      throw new Failure("there is no host with the name " + host, e);
    }
    throw new Failure(host + " has no IPv4 address, and IPv6 is not there yet");
  }
}

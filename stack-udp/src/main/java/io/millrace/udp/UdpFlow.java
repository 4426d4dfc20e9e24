package io.millrace.udp;

import io.millrace.flow.Flow;
import io.millrace.ip.Route;

/** The two ends of a connected socket, as the flow table finds them, and the way to the other. */
final class UdpFlow extends Flow {
  final StackUdpSocket socket;
  final Route route;

  UdpFlow(StackUdpSocket socket, Route route, int localPort, int remotePort) {
    super(
        route.sourceHi(),
        route.sourceLo(),
        route.destinationHi(),
        route.destinationLo(),
        ports(localPort, remotePort));
    this.socket = socket;
    this.route = route;
  }
}

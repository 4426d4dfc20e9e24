package io.millrace.net;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;

/** A route of the stack to be, through a router on the first port. */
record RouteRequest(IpPrefix destination, IpAddress via) {}

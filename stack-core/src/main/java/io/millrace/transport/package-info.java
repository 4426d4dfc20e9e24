/**
 * What transports share: the seam to the network layer, serial numbers, round-trip estimation,
 * congestion control.
 */
package io.millrace.transport;

package io.millrace.lane;

/**
 * What both ends of a lane agree on.
 *
 * @param longest the longest packet in bytes that may be sent uncut, link header included
 * @param drop whether a packet for which nothing is posted is lost; if not, its sender keeps it
 * @param offload whether checksums and segmentation are left to whoever is behind the receiver; if
 *     not, the sender fills checksums in
 * @param vouch whether the lane vouches for every checksum; if not, it passes on what the sender
 *     knows
 * @param depth standard frames that the receiver posts at most
 * @param depthLarge large frames that it posts at most, if the lane offloads
 */
public record LaneConfig(
    int longest, boolean drop, boolean offload, boolean vouch, int depth, int depthLarge) {}

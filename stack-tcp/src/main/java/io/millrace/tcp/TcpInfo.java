package io.millrace.tcp;

/**
 * What a connection is doing and has done, by the names of the TCP extended statistics (RFC 4898).
 * Times are nanoseconds, sizes bytes; a segment that the port cuts counts as the segments that it
 * becomes.
 *
 * @param state the state (RFC 9293 §3.3.2)
 * @param timestamps whether timestamps are used (RFC 7323)
 * @param windowScaling whether windows are scaled (RFC 7323)
 * @param sack whether selective acknowledgments are used (RFC 2018)
 * @param inRecovery whether lost data is being sent again
 * @param segsOut segments sent, retransmissions and pure acknowledgments included
 * @param segsIn segments received
 * @param dataSegsOut of these sent, those with data
 * @param dataSegsIn of these received, those with data
 * @param dataOctetsOut bytes of data sent, those sent again included
 * @param dataOctetsIn bytes of data received, those received again included
 * @param thruOctetsAcked bytes of data that the peer has acknowledged
 * @param thruOctetsReceived bytes of data received in order
 * @param segsRetrans segments with data sent again
 * @param octetsRetrans bytes sent again
 * @param timeouts times that nothing was acknowledged for a whole retransmission timeout
 * @param curTimeoutCount of these, those in a row up to now
 * @param congSignals times that the congestion window was cut
 * @param dupAcksIn duplicate acknowledgments received
 * @param smoothedRtt the smoothed round-trip time, 0 before the first measurement
 * @param rttVar its variation
 * @param minRtt the shortest round-trip time measured, 0 before the first measurement
 * @param curRto the retransmission timeout
 * @param curMss bytes of data of a full segment
 * @param curCwnd the congestion window
 * @param curSsthresh the slow start threshold
 * @param flight bytes sent and not acknowledged
 * @param curRwinRcvd the window that the peer has offered
 * @param curRwinSent the window that we have offered
 * @param curAppWQueue bytes given to {@code send} that have not left for the first time
 * @param curAppRQueue bytes received and not yet consumed by the application
 * @param rackRtt with SACK, the round trip of the segment that arrived last (RFC 8985 §6.2); 0
 *     before
 * @param reorderingWindow how long a segment may come later than one sent after it before it counts
 *     as lost (RFC 8985 §6.2, RACK.reo_wnd)
 * @param reorderingSeen whether segments have arrived in another order than they were sent in
 * @param lossProbes tail loss probes sent (RFC 8985 §7)
 * @param lostRetransmissions retransmissions that were found to be lost in their turn
 * @param recoveryWindow during fast recovery with SACK, the window by proportional rate reduction
 *     (RFC 9937), else 0
 * @param spuriousRtoDetected timeouts that turned out to have been too early, and were undone (RFC
 *     4015)
 * @param spuriousFrDetected fast recoveries in which nothing had been lost, and which were undone
 */
public record TcpInfo(
    TcpState state,
    boolean timestamps,
    boolean windowScaling,
    boolean sack,
    boolean inRecovery,
    long segsOut,
    long segsIn,
    long dataSegsOut,
    long dataSegsIn,
    long dataOctetsOut,
    long dataOctetsIn,
    long thruOctetsAcked,
    long thruOctetsReceived,
    long segsRetrans,
    long octetsRetrans,
    long timeouts,
    int curTimeoutCount,
    long congSignals,
    long dupAcksIn,
    long smoothedRtt,
    long rttVar,
    long minRtt,
    long curRto,
    int curMss,
    int curCwnd,
    int curSsthresh,
    int flight,
    int curRwinRcvd,
    int curRwinSent,
    long curAppWQueue,
    int curAppRQueue,
    long rackRtt,
    long reorderingWindow,
    boolean reorderingSeen,
    long lossProbes,
    long lostRetransmissions,
    int recoveryWindow,
    long spuriousRtoDetected,
    long spuriousFrDetected) {}

package io.millrace.cc;

import io.millrace.transport.CongestionControl;

/** The ways of congestion control that there are. */
public enum CongestionAlgorithm {
  /** Additive increase, multiplicative decrease (RFC 5681, RFC 6582). */
  NEW_RENO {
    @Override
    public CongestionControl create() {
      return new NewReno();
    }
  },
  /** A window that grows with the cube of time (RFC 9438), slow start with HyStart++ (RFC 9406). */
  CUBIC {
    @Override
    public CongestionControl create() {
      return new Cubic();
    }
  };

  /** Makes one for a connection or path. */
  public abstract CongestionControl create();
}

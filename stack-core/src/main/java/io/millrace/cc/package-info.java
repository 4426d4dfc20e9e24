/**
 * Congestion control for TCP and SCTP, behind {@link io.millrace.transport.CongestionControl}: how
 * much may be in flight. Pure, one object per connection or path, on the shard's thread.
 */
package io.millrace.cc;

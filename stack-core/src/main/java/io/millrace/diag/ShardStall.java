package io.millrace.diag;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** A JFR event: something has held a shard for too long, and packets waited. */
@Name("io.millrace.ShardStall")
@Label("Shard Stall")
@Category("Millrace")
@Description("A handler holds the thread of a shard for longer than the threshold")
@StackTrace(false)
public final class ShardStall extends Event {
  /** An event that is not committed yet. */
  public ShardStall() {}

  /** The shard's number. */
  @Label("Shard")
  public int shard;

  /** For how long it has been held when it was noticed, nanoseconds. */
  @Label("Held")
  @Timespan(Timespan.NANOSECONDS)
  public long held;

  /** The application's method that the stack has called and that has not returned. */
  @Label("Handler")
  public String handler;

  /** Where the thread is. */
  @Label("At")
  public String at;
}

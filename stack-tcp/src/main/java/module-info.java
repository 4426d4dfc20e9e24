/** TCP on top of the Millrace core. */
module io.millrace.tcp {
  requires io.millrace.core;
}

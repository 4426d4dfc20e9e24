/** UDP on top of the Millrace core. */
module io.millrace.udp {
  requires io.millrace.core;
}

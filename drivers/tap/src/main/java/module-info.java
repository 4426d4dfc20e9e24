/** Links over Linux TAP devices. */
module io.millrace.driver.tap {
  requires io.millrace.core;
}

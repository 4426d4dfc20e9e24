/** Links over Linux TAP devices. */
module io.millrace.driver.tap {
  requires transitive io.millrace.core;
}

/** Links over Linux TAP devices. */
module io.millrace.driver.tap {
  requires transitive io.millrace.core;

  exports io.millrace.driver.tap;

  provides io.millrace.spi.Driver with
      io.millrace.driver.tap.TapDriver;
}

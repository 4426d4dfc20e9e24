/** Links in memory: a wire between two stacks of one process. */
module io.millrace.driver.mem {
  requires transitive io.millrace.core;

  exports io.millrace.driver.mem;

  provides io.millrace.spi.Driver with
      io.millrace.driver.mem.MemDriver;
}

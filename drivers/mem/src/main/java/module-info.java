/** Links in memory: a wire between two stacks of one process. */
module io.millrace.driver.mem {
  requires io.millrace.core;
}

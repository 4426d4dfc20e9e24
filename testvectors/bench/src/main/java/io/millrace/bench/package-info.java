/**
 * Whole-path benchmarks: two stacks joined by a wire in memory, turned alternately by one thread,
 * MTU 1500, checksums computed and verified in software, payload delivered to an application. Rates
 * are printed, never asserted.
 */
package io.millrace.bench;

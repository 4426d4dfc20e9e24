package io.millrace.bench;

/**
 * One line of a result.
 *
 * @param name what was measured
 * @param value the median
 * @param unit of the value
 * @param note what a reader needs to know, may be empty
 */
record Row(String name, double value, String unit, String note) {}

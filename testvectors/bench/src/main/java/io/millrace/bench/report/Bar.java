package io.millrace.bench.report;

/**
 * One bar of a chart.
 *
 * @param name in front of it
 * @param value its length
 * @param own whether it is ours, and stands out
 */
public record Bar(String name, double value, boolean own) {}

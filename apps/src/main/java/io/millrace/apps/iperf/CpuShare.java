package io.millrace.apps.iperf;

/**
 * CPU time, in percent of a stretch of time; two busy CPUs make 200.
 *
 * @param total of both
 * @param user in programs
 * @param system in the kernel
 */
public record CpuShare(double total, double user, double system) {}

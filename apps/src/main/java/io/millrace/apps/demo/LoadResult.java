package io.millrace.apps.demo;

/**
 * What a load did.
 *
 * @param requests answered requests
 * @param errors failed connections and wrong answers
 * @param seconds how long it lasted
 * @param medianMicros half of the requests were answered within so many microseconds
 * @param p99Micros 99 of 100 were
 */
record LoadResult(
    long requests, long errors, double seconds, double medianMicros, double p99Micros) {}

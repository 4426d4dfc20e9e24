/**
 * Benchmarks of single parts of the core, with JMH. They print times; nothing asserts them. Run one
 * with {@code java -cp ... org.openjdk.jmh.Main Checksum}.
 */
package io.millrace.bench.micro;

/**
 * The operating system's calls that a shard or a driver needs, and nothing else. Linux on x86-64
 * and AArch64; calls are made with the Foreign Function and Memory API, so the JVM needs {@code
 * --enable-native-access}.
 */
package io.millrace.os;

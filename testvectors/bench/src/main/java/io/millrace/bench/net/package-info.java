/**
 * {@code bench net}: the stack and others over the same virtual cable, driven by the same clients,
 * each on a core of its own.
 */
package io.millrace.bench.net;

/**
 * Network namespaces for tests against the kernel: made for one test, and removed with everything
 * in them. Need root and the {@code ip} tool; {@link
 * io.millrace.testkit.netns.NetworkNamespace#assumeAvailable} skips a test where they are missing
 * and says so.
 */
package io.millrace.testkit.netns;

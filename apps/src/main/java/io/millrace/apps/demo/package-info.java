/** {@code ./millrace demo}: a web server on the stack, and the kernel as its client. */
package io.millrace.apps.demo;

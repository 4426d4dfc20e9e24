/** The commands of {@code ./millrace}. */
package io.millrace.apps;

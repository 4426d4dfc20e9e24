/** The examples of the README and the user guide, compiled so that they stay true. */
package io.millrace.apps.example;

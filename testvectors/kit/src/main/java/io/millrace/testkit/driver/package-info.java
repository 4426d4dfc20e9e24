/**
 * What every driver must keep to, as a test class to extend: {@link
 * io.millrace.testkit.driver.PortContract}.
 *
 * <p>Runs on the test's thread. Imports the core and JUnit.
 */
package io.millrace.testkit.driver;

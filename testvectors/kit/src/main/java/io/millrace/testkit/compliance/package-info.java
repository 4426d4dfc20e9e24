/**
 * What the standards demand, which test shows it, and the page that says so.
 *
 * <p>Requirements are the files of {@code testvectors/data/requirements}, one per standard. A test
 * names what it shows by a tag, {@code @Tag("rfc826:2-1")}, so that it can be run by it as well.
 * {@link io.millrace.testkit.compliance.ComplianceReport} puts both together as {@code
 * docs/COMPLIANCE.md}. Needs nothing but the JDK.
 */
package io.millrace.testkit.compliance;

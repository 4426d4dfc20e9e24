/**
 * The hook by which network functions sit in the path of packets: filters, load balancers,
 * translators. Without one, packets pay a comparison with null.
 */
package io.millrace.filter;

/**
 * What every application may rely on, whatever port its stack has: the same tests over each of
 * them. {@link io.millrace.e2e.contract.Medium} lists the ports; a new one is one more constant.
 */
package io.millrace.e2e.contract;

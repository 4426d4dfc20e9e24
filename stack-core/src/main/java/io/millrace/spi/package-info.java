/**
 * What a driver is: frames in bursts, in and out, behind a name. A driver module implements {@link
 * io.millrace.spi.Driver} and registers it as a service.
 */
package io.millrace.spi;

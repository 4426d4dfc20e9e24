/**
 * The stack without transports: for protocols above IP that it does not have, and for EtherTypes
 * beside IP.
 */
package io.millrace.raw;

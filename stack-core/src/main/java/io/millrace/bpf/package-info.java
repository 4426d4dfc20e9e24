/**
 * Small programs for the kernel's virtual machine (BPF): an assembler, the calls that load and
 * attach them, and the parts of programs that several users share. Nothing of it is on the packet
 * path of a shard.
 */
package io.millrace.bpf;

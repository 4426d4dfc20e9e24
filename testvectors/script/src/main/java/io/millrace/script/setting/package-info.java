/**
 * What scripts set before they begin, by the names of Linux and FreeBSD, as a configuration of the
 * stack. Commands are read, never run; a setting that matters and that the stack does not have is
 * said, so that the script is skipped and not judged.
 */
package io.millrace.script.setting;

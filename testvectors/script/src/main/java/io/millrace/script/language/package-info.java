/**
 * The script language: {@link io.millrace.script.language.ScriptParser} reads a text into a tree of
 * records that say what was written and nothing of what is done with it.
 */
package io.millrace.script.language;

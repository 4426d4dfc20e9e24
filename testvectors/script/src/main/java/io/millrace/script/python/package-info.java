/**
 * The part of Python that scripts use: assertions, prints, assignments and conditions over numbers,
 * strings and tuples, evaluated here and not by Python. What is beyond that is said, not guessed.
 */
package io.millrace.script.python;

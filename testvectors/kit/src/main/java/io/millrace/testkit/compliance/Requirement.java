package io.millrace.testkit.compliance;

/**
 * One thing that a standard demands.
 *
 * @param standard the file's name: {@code rfc826}
 * @param number section and a running number: {@code 4.5-3}
 * @param level MUST, SHOULD or MAY, as the standard has it (also in the negative)
 * @param text what is demanded, in our words
 * @param reason why there is no test: not applicable, or not done and why; empty if there is to be
 *     one
 */
record Requirement(String standard, String number, String level, String text, String reason) {
  /** What a test's tag says. */
  String tag() {
    return standard + ":" + number;
  }

  /** The section that it is in. */
  String section() {
    return number.substring(0, number.lastIndexOf('-'));
  }

  /**
   * Reads a line of number, level, text and perhaps a reason, with tabs in between.
   *
   * @throws IllegalArgumentException with a sentence if it is not of that form
   */
  static Requirement parse(String standard, String line) {
    String[] fields = line.split("\t", -1);
    if (fields.length < 3
        || fields.length > 4
        || !fields[0].matches("[0-9A-Za-z.]+-[0-9]+")
        || !fields[1].matches("MUST|SHOULD|MAY")
        || fields[2].isBlank()) {
      throw new IllegalArgumentException(
          standard
              + ": '"
              + line
              + "' is not of the form: section-number, MUST or SHOULD or MAY, text, reason;"
              + " with tabs in between");
    }
    return new Requirement(
        standard, fields[0], fields[1], fields[2], fields.length == 4 ? fields[3] : "");
  }
}

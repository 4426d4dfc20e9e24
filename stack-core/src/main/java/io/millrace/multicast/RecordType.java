package io.millrace.multicast;

/** What a group record says (RFC 3376 §4.2.12, RFC 3810 §5.2.12). */
public enum RecordType {
  /** The interface's state: INCLUDE of these sources. */
  MODE_IS_INCLUDE(1),
  /** The interface's state: EXCLUDE of these sources. */
  MODE_IS_EXCLUDE(2),
  /** The state has become INCLUDE of these sources. */
  CHANGE_TO_INCLUDE_MODE(3),
  /** The state has become EXCLUDE of these sources. */
  CHANGE_TO_EXCLUDE_MODE(4),
  /** These sources are wanted from now on. */
  ALLOW_NEW_SOURCES(5),
  /** These sources are not wanted any more. */
  BLOCK_OLD_SOURCES(6);

  private final int code;

  RecordType(int code) {
    this.code = code;
  }

  /** The number on the wire. */
  public int code() {
    return code;
  }

  /** Whether the list names what is not wanted. */
  boolean isExclude() {
    return this == MODE_IS_EXCLUDE || this == CHANGE_TO_EXCLUDE_MODE;
  }
}

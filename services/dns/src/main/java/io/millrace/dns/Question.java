package io.millrace.dns;

import org.xbill.DNS.Name;
import org.xbill.DNS.Type;

/**
 * What is asked.
 *
 * @param name absolute; upper and lower case are the same
 * @param type {@link Type#A} or {@link Type#AAAA}
 */
record Question(Name name, int type) {
  static Question of(Name name, int version) {
    return new Question(name, version == 4 ? Type.A : Type.AAAA);
  }
}

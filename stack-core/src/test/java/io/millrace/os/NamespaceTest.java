package io.millrace.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.spi.PortException;
import org.junit.jupiter.api.Test;

/** What a person reads when a network namespace cannot be entered. */
class NamespaceTest {
  @Test
  void saysWhichNamespaceIsMissing() {
    assertThat(Namespace.refused("red", -Linux.ENOENT))
        .hasMessage("there is no network namespace red; 'ip netns add red' makes one");
    assertThat(Namespace.refused("red", -Linux.EPERM))
        .hasMessage("only root may enter the network namespace red");
    assertThatThrownBy(() -> Namespace.in("/no/such/file", () -> "never"))
        .isInstanceOf(PortException.class)
        .hasMessageStartingWith("there is no network namespace /no/such/file");
  }
}

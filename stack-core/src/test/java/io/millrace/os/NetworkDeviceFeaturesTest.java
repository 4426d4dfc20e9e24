package io.millrace.os;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What the kernel says of interfaces that every machine has, and of none. */
final class NetworkDeviceFeaturesTest {
  @Test
  void theLoopbackKnowsNothingOfPackets() {
    int features = NetworkDeviceFeatures.receiveMetadata(1);
    // Nothing from an older kernel either: it says that it does not know the question.
    assertThat(features).isIn(0, -Linux.ENOENT, -Linux.EOPNOTSUPP);
  }

  @Test
  void anInterfaceThatIsNotThereIsAnError() {
    assertThat(NetworkDeviceFeatures.receiveMetadata(Integer.MAX_VALUE)).isNegative();
  }
}

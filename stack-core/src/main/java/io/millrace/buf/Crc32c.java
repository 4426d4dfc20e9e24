package io.millrace.buf;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * CRC32c (RFC 9260 appendix A) over off-heap memory, by the JDK's intrinsic.
 *
 * <p>One instance per shard; it is reused, so computing allocates nothing but what the JDK's view
 * of the memory costs.
 */
public final class Crc32c {
  private final CRC32C crc = new CRC32C();
  private final ByteBuffer view;
  private final long base;

  /** Computes over ranges of {@code region} only. */
  public Crc32c(Region region) {
    this.base = region.address();
    this.view =
        Bytes.segment(region.address(), Math.min(region.size(), Integer.MAX_VALUE)).asByteBuffer();
  }

  /** The CRC of {@code length} bytes at {@code address}, which lie inside the region. */
  public int compute(long address, int length) {
    int from = Math.toIntExact(address - base);
    view.limit(from + length).position(from);
    crc.reset();
    crc.update(view);
    return (int) crc.getValue();
  }
}

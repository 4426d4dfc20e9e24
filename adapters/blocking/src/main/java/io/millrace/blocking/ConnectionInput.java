package io.millrace.blocking;

import java.io.IOException;
import java.io.InputStream;

/** The peer's data as a stream. */
final class ConnectionInput extends InputStream {
  private final BlockingConnection connection;

  ConnectionInput(BlockingConnection connection) {
    this.connection = connection;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return connection.read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] to, int offset, int length) throws IOException {
    return connection.read(to, offset, length);
  }

  @Override
  public void close() {
    connection.close();
  }
}

package io.millrace.blocking;

import java.io.IOException;
import java.io.OutputStream;

/** What we write as a stream. */
final class ConnectionOutput extends OutputStream {
  private final BlockingConnection connection;

  ConnectionOutput(BlockingConnection connection) {
    this.connection = connection;
  }

  @Override
  public void write(int value) throws IOException {
    connection.write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] from, int offset, int length) throws IOException {
    connection.write(from, offset, length);
  }

  @Override
  public void close() {
    connection.close();
  }
}

package io.millrace.e2e.contract;

import io.millrace.buf.WrappedBuffer;
import io.millrace.tcp.TcpConfig;
import java.lang.foreign.Arena;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Opens and closes the ends around each test, over each medium. */
@ParameterizedClass
@EnumSource(Medium.class)
abstract class SocketContract {
  /** Buffers that are soon full. */
  static final TcpConfig CONFIG =
      TcpConfig.defaults().with().receiveBuffer(65_536).sendBuffer(65_536).build();

  /** A tag for tests in which a connection attempt is given up in less than a second. */
  static final String IMPATIENT = "impatient";

  private static final TcpConfig SHORT =
      CONFIG.with().initialRto(200_000_000).synRetries(1).build();

  @Parameter Medium medium;

  Ends ends;

  @RegisterExtension final InvocationInterceptor inside = new Inside();

  /** Runs the test where its sockets can reach the ends. */
  private final class Inside implements InvocationInterceptor {
    @Override
    public void interceptTestMethod(
        Invocation<Void> invocation,
        ReflectiveInvocationContext<Method> method,
        ExtensionContext context) {
      ends.run(
          () -> {
            try {
              invocation.proceed();
            } catch (RuntimeException | Error e) {
              throw e;
            } catch (Throwable e) {
              throw new AssertionError(e);
            }
          });
    }
  }

  @BeforeEach
  void open(TestInfo test) {
    ends = medium.open(test.getTags().contains(IMPATIENT) ? SHORT : CONFIG);
  }

  @AfterEach
  void close() {
    ends.close();
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static WrappedBuffer buffer(String text) {
    return buffer(bytes(text));
  }

  static WrappedBuffer buffer(byte[] content) {
    var memory = Arena.ofAuto().allocate(Math.max(1, content.length));
    memory.asSlice(0, content.length).copyFrom(java.lang.foreign.MemorySegment.ofArray(content));
    return WrappedBuffer.of(memory.asSlice(0, content.length));
  }
}

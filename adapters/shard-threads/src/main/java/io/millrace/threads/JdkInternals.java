package io.millrace.threads;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.Executor;

/** The two things inside the JDK that this module needs. */
final class JdkInternals {
  private static final MethodHandle BUILDER;
  private static final MethodHandle CARRIER;

  /** Why they cannot be had, or null. */
  private static final String REFUSAL;

  static {
    MethodHandle builder = null;
    MethodHandle carrier = null;
    String refusal = null;
    try {
      MethodHandles.Lookup inside =
          MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup());
      builder =
          inside
              .findConstructor(
                  Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder"),
                  MethodType.methodType(void.class, Executor.class))
              .asType(MethodType.methodType(Thread.Builder.OfVirtual.class, Executor.class));
      carrier =
          inside.findStatic(
              Thread.class, "currentCarrierThread", MethodType.methodType(Thread.class));
    } catch (ReflectiveOperationException e) {
      refusal = e.toString();
    }
    BUILDER = builder;
    CARRIER = carrier;
    REFUSAL = refusal;
  }

  private JdkInternals() {}

  /** Why this JVM does not let us, or null if it does. */
  static String refusal() {
    return REFUSAL;
  }

  /** A builder of virtual threads that run where {@code scheduler} runs its tasks. */
  static Thread.Builder.OfVirtual builder(Executor scheduler) {
    try {
      return (Thread.Builder.OfVirtual) BUILDER.invokeExact(scheduler);
    } catch (Throwable e) {
      throw new IllegalStateException("no virtual thread with a scheduler of its own", e);
    }
  }

  /** The platform thread that the caller runs on; itself, if it is one. */
  static Thread carrier() {
    try {
      return (Thread) CARRIER.invokeExact();
    } catch (Throwable e) {
      throw new IllegalStateException("no carrier thread", e);
    }
  }
}

package io.millrace.e2e;

import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What in a class's bytecode is made for more than one thread. */
final class SharedAccess {
  /**
   * One place.
   *
   * @param method the method, or the field; a lambda counts as the method around it
   */
  record Use(String className, String method, String what) {
    @Override
    public String toString() {
      return className + "." + method + " " + what;
    }
  }

  private static final List<String> SHARED_TYPES =
      List.of(
          "java.util.concurrent.",
          "java.lang.invoke.VarHandle",
          "java.lang.Thread",
          "org.agrona.concurrent.",
          "sun.misc.Unsafe",
          "jdk.internal.misc.Unsafe");

  /** What reads and writes memory, with methods that order and methods that do not. */
  private static final List<String> MEMORY =
      List.of("io.millrace.buf.Bytes", "org.agrona.UnsafeApi");

  /** Methods of these with the ordering of a volatile access, or stronger. */
  private static final List<String> ORDERED =
      List.of("Acquire", "Release", "Fence", "Volatile", "Opaque", "compareAnd", "getAnd", "park");

  private final String className;
  private final Set<String> volatileFields = new HashSet<>();
  private final List<Use> uses = new ArrayList<>();

  private SharedAccess(String className) {
    this.className = className;
  }

  static SharedAccess in(ClassModel model) {
    SharedAccess access = new SharedAccess(model.thisClass().asInternalName().replace('/', '.'));
    for (FieldModel field : model.fields()) {
      access.field(field);
    }
    for (MethodModel method : model.methods()) {
      access.method(method);
    }
    return access;
  }

  String className() {
    return className;
  }

  List<Use> uses() {
    return uses;
  }

  private void field(FieldModel field) {
    if ((field.flags().flagsMask() & ClassFile.ACC_VOLATILE) != 0) {
      String name = field.fieldName().stringValue();
      volatileFields.add(name);
      uses.add(new Use(className, name, "declared volatile"));
    }
  }

  private void method(MethodModel method) {
    String name = enclosing(method.methodName().stringValue());
    if ((method.flags().flagsMask() & ClassFile.ACC_SYNCHRONIZED) != 0) {
      uses.add(new Use(className, name, "is synchronized"));
    }
    method
        .findAttribute(Attributes.code())
        .ifPresent(code -> code.forEach(element -> element(name, element)));
  }

  /** {@code listen} for {@code lambda$listen$0}. */
  private static String enclosing(String name) {
    return name.startsWith("lambda$") ? name.substring(7, name.lastIndexOf('$')) : name;
  }

  private void element(String method, CodeElement element) {
    switch (element) {
      case MonitorInstruction monitor when monitor.opcode() == Opcode.MONITORENTER ->
          uses.add(new Use(className, method, "takes a monitor"));
      case FieldInstruction field -> fieldAccess(method, field);
      case InvokeInstruction call -> {
        String owner = call.owner().asInternalName().replace('/', '.');
        type(method, owner);
        String called = call.name().stringValue();
        if (MEMORY.contains(owner) && ORDERED.stream().anyMatch(called::contains)) {
          String simple = owner.substring(owner.lastIndexOf('.') + 1);
          uses.add(new Use(className, method, "calls " + simple + "." + called));
        }
      }
      case NewObjectInstruction made ->
          type(method, made.className().asInternalName().replace('/', '.'));
      default -> {}
    }
  }

  private void fieldAccess(String method, FieldInstruction field) {
    String owner = field.owner().asInternalName().replace('/', '.');
    String name = field.name().stringValue();
    type(method, owner);
    if (owner.equals(className) && volatileFields.contains(name)) {
      boolean reads = field.opcode() == Opcode.GETFIELD || field.opcode() == Opcode.GETSTATIC;
      String what = (reads ? "reads" : "writes") + " the volatile field " + name;
      uses.add(new Use(className, method, what));
    }
  }

  private void type(String method, String name) {
    if (SHARED_TYPES.stream().anyMatch(name::startsWith)) {
      uses.add(new Use(className, method, "uses " + name));
    }
  }
}

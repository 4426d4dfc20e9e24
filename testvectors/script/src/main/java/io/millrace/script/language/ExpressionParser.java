package io.millrace.script.language;

import io.millrace.script.language.Expression.Any;
import io.millrace.script.language.Expression.Call;
import io.millrace.script.language.Expression.Field;
import io.millrace.script.language.Expression.Items;
import io.millrace.script.language.Expression.Or;
import io.millrace.script.language.Expression.Struct;
import io.millrace.script.language.Expression.Symbol;
import io.millrace.script.language.Expression.Text;
import io.millrace.script.language.Expression.Whole;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads what a system call is called with and returns:
 *
 * <pre>
 * expression : primary {| primary}
 * primary    : ... | number | "string" | [list] | {fields} | name | name(list)
 * field      : [name[(expression)] =] expression
 * </pre>
 */
final class ExpressionParser {
  private static final int DEEPEST = 32;

  private final Lexer lexer;
  private int depth;

  ExpressionParser(Lexer lexer) {
    this.lexer = lexer;
  }

  Expression expression() throws ScriptException {
    if (++depth > DEEPEST) {
      throw lexer.error("expected at most " + DEEPEST + " brackets in each other");
    }
    Expression first = primary();
    if (lexer.looksAt("|")) {
      List<Expression> parts = new ArrayList<>(List.of(first));
      while (lexer.accept("|")) {
        parts.add(primary());
      }
      first = new Or(parts);
    }
    depth--;
    return first;
  }

  /** Expressions with commas between them, up to and including {@code close}. */
  List<Expression> list(String close) throws ScriptException {
    List<Expression> items = new ArrayList<>();
    if (lexer.accept(close)) {
      return items;
    }
    do {
      items.add(expression());
    } while (lexer.accept(","));
    lexer.expect(close);
    return items;
  }

  private Expression primary() throws ScriptException {
    if (lexer.accept("...")) {
      return new Any();
    }
    if (lexer.looksAt("\"")) {
      return new Text(lexer.between("\"", "\""));
    }
    if (lexer.accept("[")) {
      return new Items(list("]"));
    }
    if (lexer.accept("{")) {
      return new Struct(fields());
    }
    if (lexer.looksAtDigit() || lexer.looksAt("-")) {
      return new Whole(lexer.number("a number", Long.MIN_VALUE, Long.MAX_VALUE));
    }
    String name = lexer.word("an expression");
    return lexer.accept("(") ? new Call(name, list(")")) : new Symbol(name);
  }

  private List<Field> fields() throws ScriptException {
    List<Field> fields = new ArrayList<>();
    if (lexer.accept("}")) {
      return fields;
    }
    do {
      fields.add(field());
    } while (lexer.accept(","));
    lexer.expect("}");
    return fields;
  }

  private Field field() throws ScriptException {
    Expression first = expression();
    if (!lexer.accept("=")) {
      return new Field(null, null, first);
    }
    return switch (first) {
      case Symbol name -> new Field(name.name(), null, expression());
      case Call sized when sized.arguments().size() == 1 ->
          new Field(sized.name(), sized.arguments().getFirst(), expression());
      default -> throw lexer.error("expected a field's name before '='");
    };
  }
}

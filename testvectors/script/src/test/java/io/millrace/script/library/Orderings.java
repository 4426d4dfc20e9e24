package io.millrace.script.library;

import io.millrace.script.library.StateMatrix.Case;
import java.util.ArrayList;
import java.util.List;

/**
 * Five segments of data in every order in which they can arrive, acknowledged one by one with the
 * blocks that RFC 2018 §4 prescribes: the first holds the segment that has just come, the others
 * repeat what was reported most recently. Then one of them again, which RFC 2883 §4 reports.
 */
final class Orderings {
  private static final int SIZE = 100;
  private static final int SEGMENTS = 5;

  /** Numbers received above the acknowledgment: from, to; the most recently reported first. */
  private record Block(int from, int to) {}

  private static final String OPENED =
      """
      0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
      +0 bind(3, ..., ...) = 0
      +0 listen(3, 1) = 0
      +0 < S 0:0(0) win 32792 <mss 1000,sackOK,nop,nop>
      +0 > S. 0:0(0) ack 1 <mss 1460,sackOK,nop,nop>
      +.1 < . 1:1(0) ack 1 win 32792
      +0 accept(3, ..., ...) = 4
      """;

  private Orderings() {}

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    permute(new ArrayList<>(), cases);
    return cases;
  }

  private static void permute(List<Integer> order, List<Case> cases) {
    if (order.size() == SEGMENTS) {
      cases.add(new Case("order " + order, script(order)));
      return;
    }
    for (int i = 0; i < SEGMENTS; i++) {
      if (!order.contains(i)) {
        order.add(i);
        permute(order, cases);
        order.remove(order.size() - 1);
      }
    }
  }

  private static String script(List<Integer> order) {
    StringBuilder script = new StringBuilder(OPENED);
    List<Block> blocks = new ArrayList<>();
    int next = 1;
    for (int segment : order) {
      int from = 1 + segment * SIZE;
      arrives(script, from);
      if (from == next) {
        next = from + SIZE;
        next = absorb(blocks, next);
      } else {
        merge(blocks, from, from + SIZE);
      }
      acknowledge(script, next, blocks);
    }
    int again = 1 + order.getFirst() * SIZE;
    arrives(script, again);
    acknowledge(script, next, List.of(new Block(again, again + SIZE)));
    script.append("+0 read(4, ..., 1000) = ").append(SEGMENTS * SIZE).append('\n');
    return script.toString();
  }

  private static void arrives(StringBuilder script, int from) {
    script
        .append("+.6 < P. ")
        .append(from)
        .append(':')
        .append(from + SIZE)
        .append('(')
        .append(SIZE)
        .append(") ack 1 win 32792\n");
  }

  /** RFC 9293 §3.8.6.3 (MUST-58): within half a second, whatever the reason. */
  private static void acknowledge(StringBuilder script, int next, List<Block> blocks) {
    script.append("+0~+.499 > . 1:1(0) ack ").append(next);
    if (!blocks.isEmpty()) {
      script.append(" <nop,nop,sack");
      for (Block block : blocks) {
        script.append(' ').append(block.from()).append(':').append(block.to());
      }
      script.append('>');
    }
    script.append('\n');
  }

  /** What the acknowledgment can pass over now that it has come to {@code next}. */
  private static int absorb(List<Block> blocks, int next) {
    int end = next;
    for (Block block : List.copyOf(blocks)) {
      if (block.from() == end) {
        end = block.to();
        blocks.remove(block);
      }
    }
    return end == next ? end : absorb(blocks, end);
  }

  private static void merge(List<Block> blocks, int from, int to) {
    int start = from;
    int end = to;
    for (Block block : List.copyOf(blocks)) {
      if (block.to() == start || block.from() == end) {
        start = Math.min(start, block.from());
        end = Math.max(end, block.to());
        blocks.remove(block);
      }
    }
    blocks.addFirst(new Block(start, end));
  }
}

package io.millrace.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.spi.ScriptedPort;
import io.millrace.time.ShardClock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Messages between the shards of a stack. */
class ShardGroupTest {
  private final NetStack stack =
      NetStack.builder().shards(3).driven(ShardClock.of(() -> 0)).port(new ScriptedPort(0)).start();
  private final List<String> seen = new ArrayList<>();

  @AfterEach
  void close() {
    stack.close();
  }

  private ShardGroup group(int shard) {
    return stack.shard(shard).group();
  }

  private void turn() {
    for (int i = 0; i < 3; i++) {
      stack.shard(i).step();
    }
  }

  @Test
  void a_task_runs_on_the_other_shard_in_order() {
    for (int i = 0; i < 500; i++) {
      int number = i;
      group(0).submitTo(2, () -> seen.add("task " + number));
    }
    assertThat(seen).isEmpty();
    for (int i = 0; i < 10; i++) {
      turn();
    }
    assertThat(seen).hasSize(500).startsWith("task 0", "task 1").endsWith("task 499");
  }

  @Test
  void a_task_for_the_shard_itself_runs_at_once() {
    group(1).submitTo(1, () -> seen.add("here"));
    assertThat(seen).containsExactly("here");
  }

  @Test
  void a_full_ring_refuses_and_takes_again_once_it_has_been_read() {
    int taken = 0;
    while (group(0).offerTo(1, () -> seen.add("task"))) {
      taken++;
    }
    assertThat(taken).isEqualTo(1024);
    assertThatThrownBy(() -> group(0).submitTo(1, () -> {}))
        .isInstanceOf(RejectedExecutionException.class)
        .hasMessageContaining("shard 1 is full");
    assertThat(group(0).offerTo(2, () -> {})).as("the ring to another shard").isTrue();
    turn();
    assertThat(group(0).offerTo(1, () -> {})).isTrue();
  }

  @Test
  void configuration_is_not_lost_where_a_ring_is_full() {
    while (group(0).offerTo(1, () -> {})) {
      // until it is full
    }
    group(0).submitToAll(shard -> seen.add("shard " + shard.index()));
    for (int i = 0; i < 20; i++) {
      turn();
    }
    assertThat(seen).containsExactlyInAnyOrder("shard 0", "shard 1", "shard 2");
  }

  @Test
  void answers_of_all_shards_are_put_together_on_the_asking_one() {
    CompletableFuture<Integer> sum = group(1).mapReduce(shard -> 1 << shard.index(), Integer::sum);
    assertThat(sum).isNotDone();
    turn();
    turn();
    assertThat(sum).isCompletedWithValue(7);
  }

  @Test
  void a_question_that_throws_fails_the_whole() {
    CompletableFuture<Integer> sum =
        group(0)
            .mapReduce(
                shard -> {
                  if (shard.index() == 2) {
                    throw new IllegalStateException("no answer here");
                  }
                  return 1;
                },
                Integer::sum);
    turn();
    turn();
    assertThat(sum).isCompletedExceptionally();
  }

  @Test
  void a_task_that_throws_is_reported_and_the_next_one_runs() {
    group(0)
        .submitTo(
            1,
            () -> {
              throw new IllegalStateException("thrown on purpose");
            });
    group(0).submitTo(1, () -> seen.add("next"));
    turn();
    assertThat(seen).containsExactly("next");
    assertThat(stack.count(io.millrace.diag.Counter.EXCEPTIONS)).isOne();
  }

  @Test
  void questions_on_their_way_fail_when_the_stack_is_closed() {
    CompletableFuture<Integer> sum = group(0).mapReduce(shard -> 1, Integer::sum);
    stack.close();
    assertThat(sum).isCompletedExceptionally();
  }

  @Test
  void a_shard_with_something_on_its_way_is_due_now() {
    turn();
    assertThat(stack.shard(1).nextDeadline()).isEqualTo(Long.MAX_VALUE);
    group(0).submitTo(1, () -> {});
    stack.shard(0).step();
    assertThat(stack.shard(1).nextDeadline()).isZero();
  }

  @Test
  void the_whole_stack_can_be_asked_from_outside() {
    CompletableFuture<Integer> sum = stack.mapReduce(Shard::index, Integer::sum);
    turn();
    turn();
    assertThat(sum).isCompletedWithValue(3);
  }

  @Test
  void impossible_numbers_of_shards_are_refused() {
    assertThatThrownBy(() -> NetStack.builder().shards(0)).hasMessageContaining("1 to 64");
    assertThatThrownBy(() -> NetStack.builder().shards(65)).hasMessageContaining("1 to 64");
  }
}

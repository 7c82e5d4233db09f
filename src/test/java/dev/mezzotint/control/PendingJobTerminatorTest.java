package dev.mezzotint.control;

import static dev.mezzotint.generation.World.again;
import static dev.mezzotint.generation.World.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.control.PendingJobs.PendingRequest;
import dev.mezzotint.delivery.Crash;
import dev.mezzotint.delivery.FaultInjector;
import dev.mezzotint.generation.World;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.StorageException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class PendingJobTerminatorTest {
  private static final String LATE = "\"deadline\":\"2026-11-22T11:00:00Z\"";

  private final World world = new World();

  private boolean end(Delivery record) throws InterruptedException {
    return world.control(FaultInjector.Fault.NONE).endIfOver(record);
  }

  @Test
  void endIfOver_cancelledJob_endsAndIsRecognizedWhenDelivered() throws Exception {
    Delivery record = world.record(request("a", "\"count\":2"));
    world.cancelled.add("a");
    assertThat(end(record)).isTrue();
    assertThat(world.log.types("a")).containsExactly("cancelled");

    assertThat(world.worker().handle(record)).isEqualTo(Settlement.ACCEPT);
    assertThat(world.sampling.submitted.get()).isZero();
    world.checkEnded("a");
  }

  @Test
  void endIfOver_afterTheDeadline_expiresTheJob() throws Exception {
    Delivery record = world.record(request("a", LATE));
    assertThat(end(record)).isTrue();
    assertThat(world.log.ends("a")).extracting(JobEvent::type).containsOnly(JobEvent.Type.EXPIRED);
    assertThat(world.worker().handle(record)).isEqualTo(Settlement.ACCEPT);
    world.checkEnded("a");
  }

  @Test
  void endIfOver_releasedJob_endsUnderItsOwnRecord() throws Exception {
    Delivery record = world.record(request("a", "\"count\":2"));
    Crash crash = Crash.at("create", Keys.image("a", 1));
    assertThat(crash.kills(world.worker("w1", crash), record)).isTrue();
    world.cancelled.add("a");
    assertThat(end(again(record))).isTrue();
    assertThat(world.manifest("a").attempt()).isEqualTo(1);
    world.checkEnded("a");
  }

  @Test
  void endIfOver_otherwise_doesNothing() throws Exception {
    List<String> others =
        List.of(
            request("a", "\"deadline\":\"2099-01-01T00:00:00Z\""),
            request("b", ""),
            request("c", "\"steps\":0"),
            "no request");
    world.cancelled.add("c");
    for (String json : others) {
      assertThat(end(world.record(json))).as(json).isFalse();
    }
    assertThat(world.store.writes()).isEmpty();
    assertThat(world.log.events()).isEmpty();
  }

  @Test
  void endIfOver_endedJob_writesNothing() throws Exception {
    Delivery record = world.record(request("a", ""));
    world.worker().handle(record);
    world.cancelled.add("a");
    int writes = world.store.writes().size();
    assertThat(end(record)).isTrue();
    assertThat(world.store.writes()).hasSize(writes);
    assertThat(world.log.ends("a")).hasSize(1);
    world.checkEnded("a");
  }

  @Test
  void endIfOver_recordWithAnotherRequestsId_doesNothing() throws Exception {
    Delivery first = world.record(request("a", "\"count\":2"));
    Crash crash = new Crash(3, /* after= */ false);
    crash.kills(world.worker("w1", crash), first);
    assertThat(end(world.record(request("a", LATE)))).isFalse();
    assertThat(world.worker().handle(again(first))).isEqualTo(Settlement.ACCEPT);
    assertThat(world.log.ends("a").get(0).type()).isEqualTo(JobEvent.Type.COMPLETED);
  }

  @Test
  void wasDropped_untilTheJobHasEnded() throws Exception {
    Delivery record = world.record(request("a", "\"count\":2"));
    assertThat(lost(record)).as("not started").isTrue();
    Crash crash = Crash.at("create", Keys.image("a", 1));
    assertThat(crash.kills(world.worker("w1", crash), record)).isTrue();
    assertThat(lost(record)).as("its worker has died").isTrue();
    assertThat(world.worker().handle(again(record))).isEqualTo(Settlement.ACCEPT);
    assertThat(lost(record)).as("it has ended").isFalse();
  }

  @Test
  void wasDropped_rejectedRecord_isFalse() throws Exception {
    Delivery first = world.record(request("a", "\"count\":2"));
    Crash crash = new Crash(3, /* after= */ false);
    crash.kills(world.worker("w1", crash), first);
    assertThat(lost(world.record(request("a", "\"count\":3")))).as("another's id").isFalse();
    assertThat(lost(world.record("no request"))).isFalse();
    assertThat(lost(first)).isTrue();
  }

  /** The client must be notified of what is wrong with it. */
  @Test
  void wasDropped_invalidRequest_untilItHasFailed() throws Exception {
    Delivery record = world.record(request("a", "\"steps\":0"));
    assertThat(lost(record)).isTrue();
    assertThat(world.worker().handle(record)).isEqualTo(Settlement.ACCEPT);
    assertThat(world.log.types("a")).contains("failed");
    assertThat(lost(record)).isFalse();
  }

  @Test
  void read_distinguishesTwoRequestsWithOneId() {
    PendingRequest first = remembered(request("a", "\"count\":2"));
    assertThat(remembered(request("a", "\"count\":  2"))).isEqualTo(first);
    assertThat(remembered(request("a", "\"count\":3")).id()).isEqualTo("a");
    assertThat(remembered(request("a", "\"count\":3"))).isNotEqualTo(first);
    assertThat(remembered(request("a", "\"steps\":0," + LATE)).deadline()).isEmpty();
  }

  private PendingRequest remembered(String json) {
    return world.control(FaultInjector.Fault.NONE).read(world.record(json)).orElseThrow();
  }

  private boolean lost(Delivery record) throws InterruptedException {
    return world.control(FaultInjector.Fault.NONE).wasDropped(record);
  }

  @Test
  void endIfOver_withoutTheStore_throwsTransientException() {
    world.cancelled.add("a");
    AtomicInteger calls = new AtomicInteger();
    FaultInjector.Fault away =
        (after, call, subject) -> {
          calls.incrementAndGet();
          throw new StorageException("away");
        };
    assertThatThrownBy(() -> world.control(away).endIfOver(world.record(request("a", ""))))
        .isInstanceOf(TransientException.class);
    assertThat(calls.get()).isGreaterThan(1);
    assertThat(world.log.events()).isEmpty();
  }
}

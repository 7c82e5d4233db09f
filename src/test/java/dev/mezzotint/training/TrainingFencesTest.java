package dev.mezzotint.training;

import static dev.mezzotint.training.TrainingWorld.again;
import static dev.mezzotint.training.TrainingWorld.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.delivery.Crash;
import dev.mezzotint.delivery.FaultInjector;
import dev.mezzotint.delivery.JobRecord;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fencing: several workers hold the same training. */
class TrainingFencesTest {
  @TempDir Path folder;
  private TrainingWorld world;

  @BeforeEach
  void open() throws Exception {
    world = new TrainingWorld(folder);
  }

  @Test
  void pausedWorker_isFenced_andChangesNothing() throws Exception {
    String whole = world.runUninterrupted();
    Delivery record = world.record(request("a"));
    CountDownLatch asleep = new CountDownLatch(1);
    CountDownLatch wake = new CountDownLatch(1);
    // Paused between a checkpoint's upload and the pointer: only the fence stops it.
    AtomicInteger uploads = new AtomicInteger();
    FaultInjector.Fault sleeps =
        (after, call, subject) -> {
          if (after
              && call.equals("upload")
              && subject.contains("/checkpoints/0000008-")
              && uploads.incrementAndGet() == 1) {
            asleep.countDown();
            await(wake);
          }
        };
    AtomicReference<Settlement> settled = new AtomicReference<>();
    Thread old =
        new Thread(
            () -> {
              try {
                settled.set(world.worker("old", sleeps).handle(record));
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    old.start();
    await(asleep);
    // The lock is lost, which the paused worker does not know: its lane is paused as well.
    assertThat(world.worker("new", FaultInjector.Fault.NONE).handle(again(record)))
        .isEqualTo(Settlement.ACCEPT);
    int events = world.log.events().size();
    List<String> objects = world.store.list("");
    wake.countDown();
    old.join(20_000);
    assertThat(settled.get()).isEqualTo(Settlement.RELEASE);
    assertThat(world.log.events()).hasSize(events);
    assertThat(world.store.list("")).isEqualTo(objects);
    assertThat(world.model("a").weightsSha256()).isEqualTo(whole);
    assertThat(world.jobRecord("a").history())
        .extracting(JobRecord.Attempt::worker)
        .contains("new");
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void secondRecord_ofARunningTraining_isAcceptedWithoutWork() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    FaultInjector.Fault slow =
        (after, call, subject) -> {
          if (after && call.equals("upload") && subject.contains("/checkpoints/0000004-")) {
            running.countDown();
            await(go);
          }
        };
    Delivery first = world.record(request("a"));
    AtomicReference<Settlement> settled = new AtomicReference<>();
    Thread busy =
        new Thread(
            () -> {
              try {
                settled.set(world.worker("w1", slow).handle(first));
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    busy.start();
    await(running);
    assertThat(world.worker("w2", FaultInjector.Fault.NONE).handle(world.record(request("a"))))
        .isEqualTo(Settlement.ACCEPT);
    assertThat(world.log.ends("a")).isEmpty();
    go.countDown();
    busy.join(20_000);
    assertThat(settled.get()).isEqualTo(Settlement.ACCEPT);
    world.checkCompleted("a");
  }

  @Test
  void secondRecord_takesOver_whenTheHolderDied() throws Exception {
    String whole = world.runUninterrupted();
    Delivery first = world.record(request("a"));
    Crash crash = new Crash(30, /* after= */ false);
    assertThat(crash.kills(world.worker("w1", crash), first)).isTrue();
    assertThat(world.pointer("a").run()).isNotEmpty();
    assertThat(world.worker("w2", FaultInjector.Fault.NONE).handle(world.copy(first)))
        .isEqualTo(Settlement.ACCEPT);
    assertThat(world.model("a").weightsSha256()).isEqualTo(whole);
  }
}

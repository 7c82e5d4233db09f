package dev.mezzotint.generation;

import static dev.mezzotint.generation.World.again;
import static dev.mezzotint.generation.World.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.delivery.FaultInjector;
import dev.mezzotint.delivery.JobHandler;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.job.DeviceException;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.network.Engine;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.NoiseSampler;
import dev.mezzotint.sampling.Sampler;
import dev.mezzotint.sampling.SamplingJob;
import dev.mezzotint.storage.StorageException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Rows finish on a separate device thread and are stored by a pool. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SamplingRunTest {
  private final World world = new World();
  private final ExecutorService device = Executors.newSingleThreadExecutor();
  private final ExecutorService pool = Executors.newFixedThreadPool(4);

  @AfterEach
  void stop() throws InterruptedException {
    device.shutdownNow();
    pool.shutdownNow();
    assertThat(device.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    assertThat(pool.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
  }

  /** Runs one row after the other. */
  private class SlowDevice extends NoiseSampler {
    private final long millisPerRow;

    SlowDevice(long millisPerRow) {
      this.millisPerRow = millisPerRow;
    }

    @Override
    public Running submit(SamplingJob job, RowListener listener) {
      CountDownLatch cancel = new CountDownLatch(1);
      submitted.addAndGet(job.rows().size());
      device.execute(
          () -> {
            try {
              for (SamplingJob.Row row : job.rows()) {
                if (cancel.await(millisPerRow, TimeUnit.MILLISECONDS)) {
                  return;
                }
                listener.advanced(job.stages().size());
                listener.finished(row.index(), image(job, row));
              }
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
      return () -> {
        cancel.countDown();
        cancelled.incrementAndGet();
      };
    }
  }

  private JobHandler<?> worker(Sampler sampling) {
    return worker(sampling, FaultInjector.Fault.NONE);
  }

  private JobHandler<?> worker(Sampler sampling, FaultInjector.Fault fault) {
    return world.worker("w1", fault, sampling, pool);
  }

  @Test
  void progressEvents_riseAndComeAtMostTwiceASecond() throws Exception {
    worker(new SlowDevice(13)).handle(world.record(request("a", "\"count\":100,\"steps\":8")));
    List<JobEvent> progress =
        world.log.events("a").stream().filter(e -> e.type() == JobEvent.Type.PROGRESSED).toList();
    assertThat(progress).hasSizeBetween(1, 8);
    assertThat(progress.get(0).data()).containsEntry("total", 800L);
    assertThat((Long) progress.get(0).data().get("done")).isBetween(8L, 800L);
    assertThat(progress.get(0).id()).isEqualTo("a/progressed/1/1");
    world.checkEnded("a");
  }

  @Test
  void progressEvents_listEachFrameOnceAsItFinishes() throws Exception {
    StringBuilder keys = new StringBuilder();
    byte[] png = Png.encode(new Pixels(4, 4, 3, new byte[48]));
    for (int i = 0; i < 60; i++) {
      world.store.put("in/%02d.png".formatted(i), png, "image/png");
      keys.append(i == 0 ? "\"" : ",\"").append("in/%02d.png".formatted(i)).append('"');
    }
    String json = "{\"id\":\"a\",\"model\":\"maps\",\"condition\":[" + keys + "]}";
    worker(new SlowDevice(13)).handle(world.record(json));
    List<String> published = new ArrayList<>();
    for (JobEvent event : world.log.events("a")) {
      if (event.type() == JobEvent.Type.PROGRESSED) {
        ((List<?>) event.data().get("frames")).forEach(key -> published.add(String.valueOf(key)));
      }
    }
    List<String> stored = world.images("a").images().stream().map(image -> image.key()).toList();
    assertThat(stored).hasSize(60).containsAll(published);
    assertThat(published).doesNotHaveDuplicates().hasSizeGreaterThan(20);
    world.checkEnded("a");
  }

  @Test
  void failedProgressEvent_doesNotStopTheJob() throws Exception {
    AtomicInteger untold = new AtomicInteger();
    FaultInjector.Fault deaf =
        (after, call, subject) -> {
          if (call.equals("publishLater")) {
            untold.incrementAndGet();
            throw new TransientException("buffer full");
          }
        };
    assertThat(worker(new SlowDevice(10), deaf).handle(world.record(request("a", "\"count\":70"))))
        .isEqualTo(Settlement.ACCEPT);
    assertThat(untold.get()).isGreaterThan(0);
    world.checkEnded("a");
  }

  @Test
  void boundsTheRowsInFlight() throws Exception {
    AtomicInteger stored = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    SlowDevice fast =
        new SlowDevice(0) {
          @Override
          public Running submit(SamplingJob job, RowListener listener) {
            Running running = super.submit(job, listener);
            most.accumulateAndGet(submitted.get() - stored.get(), Math::max);
            return running;
          }
        };
    FaultInjector.Fault count =
        (after, call, subject) -> {
          if (after && subject.contains("/images/")) {
            stored.incrementAndGet();
          }
        };
    worker(fast, count).handle(world.record(request("a", "\"count\":3000")));
    assertThat(world.images("a").images()).hasSize(3000);
    assertThat(most.get()).isBetween(256, SamplingRun.IN_FLIGHT_MAX);
    world.checkEnded("a");
  }

  @Test
  void lostLock_stopsTheRowsWithinMilliseconds_andPublishesNothing() throws Exception {
    SlowDevice slow = new SlowDevice(20);
    Delivery delivery = world.record(request("a", "\"count\":500"));
    JobHandler<?> worker = worker(slow);
    AtomicReference<Settlement> settled = new AtomicReference<>();
    Thread lane = lane(worker, delivery, settled);
    waitForImages(3);
    delivery.fence();
    lane.join(5_000);
    assertThat(settled.get()).isEqualTo(Settlement.RELEASE);
    // 500 rows are two portions.
    assertThat(slow.cancelled.get()).isEqualTo(2);
    int events = world.log.events().size();
    int writes = world.store.writes().size();
    Thread.sleep(150);
    assertThat(world.log.events()).hasSize(events);
    assertThat(world.store.writes()).hasSizeBetween(writes, writes + 1);
    assertThat(world.log.ends("a")).isEmpty();
    assertThat(world.jobRecord("a").history().get(0).handedBack()).isFalse();
  }

  @Test
  void shutdown_releasesTheRecordAtTheNextStep_andKeepsStoredImages() throws Exception {
    SlowDevice slow = new SlowDevice(20);
    Delivery delivery = world.record(request("a", "\"count\":60"));
    AtomicReference<Settlement> settled = new AtomicReference<>();
    Thread lane = lane(worker(slow), delivery, settled);
    waitForImages(3);
    delivery.drain();
    lane.join(5_000);
    assertThat(settled.get()).isEqualTo(Settlement.RELEASE);
    assertThat(world.jobRecord("a").history().get(0).handedBack()).isTrue();
    assertThat(world.worker().handle(again(delivery))).isEqualTo(Settlement.ACCEPT);
    world.checkEnded("a");
  }

  @Test
  void cancellation_duringSampling_removesTheRows() throws Exception {
    endsDuringSampling("", () -> world.cancelled.add("a"), JobEvent.Type.CANCELLED);
  }

  @Test
  void expiresJob_whenDeadlinePassesDuringSampling() throws Exception {
    endsDuringSampling(
        ",\"deadline\":\"2026-11-22T12:30:00Z\"",
        () -> world.time.set(World.START.plusSeconds(3_600)),
        JobEvent.Type.EXPIRED);
  }

  private void endsDuringSampling(String members, Runnable event, JobEvent.Type end)
      throws Exception {
    SlowDevice slow = new SlowDevice(20);
    Delivery delivery = world.record(request("a", "\"count\":500" + members));
    AtomicReference<Settlement> settled = new AtomicReference<>();
    Thread lane = lane(worker(slow), delivery, settled);
    waitForImages(2);
    event.run();
    lane.join(5_000);
    assertThat(settled.get()).isEqualTo(Settlement.ACCEPT);
    // 500 rows are two portions.
    assertThat(slow.cancelled.get()).isEqualTo(2);
    assertThat(world.log.ends("a").get(0).type()).isEqualTo(end);
    world.checkEnded("a");
  }

  @Test
  void failedDevice_releasesTheRecord_andCountsTheAttempt() throws Exception {
    NoiseSampler broken = failing(new DeviceException("out of memory"));
    Delivery delivery = world.record(request("a", ""));
    for (int i = 0; i < 5; i++) {
      assertThat(worker(broken).handle(delivery)).isEqualTo(Settlement.RELEASE);
      delivery = again(delivery);
    }
    assertThat(worker(broken).handle(delivery)).isEqualTo(Settlement.ACCEPT);
    assertThat(world.log.ends("a").get(0).type()).isEqualTo(JobEvent.Type.FAILED);
    world.checkEnded("a");
  }

  @Test
  void failedModelLoad_failsTheJobAtOnce() throws Exception {
    NoiseSampler broken = failing(new InvalidInputException("model", "conv_in.weight is missing"));
    assertThat(worker(broken).handle(world.record(request("a", "")))).isEqualTo(Settlement.ACCEPT);
    JobEvent end = world.log.ends("a").get(0);
    assertThat(end.type()).isEqualTo(JobEvent.Type.FAILED);
    assertThat(end.data()).containsEntry("cause", "conv_in.weight is missing");
    world.checkEnded("a");
  }

  @Test
  void deviceDefect_reachesTheLane_andFailsTheJobAfterFiveAttempts() throws Exception {
    NoiseSampler broken = failing(new IllegalStateException("a defect"));
    AtomicReference<Delivery> delivery = new AtomicReference<>(world.record(request("a", "")));
    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() -> worker(broken).handle(delivery.get()))
          .isInstanceOf(IllegalStateException.class);
      delivery.set(again(delivery.get()));
    }
    assertThat(worker(broken).handle(delivery.get())).isEqualTo(Settlement.ACCEPT);
    world.checkEnded("a");
  }

  @Test
  void nonFiniteValues_failTheJob() throws Exception {
    NoiseSampler diverging =
        new NoiseSampler() {
          @Override
          public Running submit(SamplingJob job, RowListener listener) {
            float[] chw = new float[48];
            chw[7] = Float.NaN;
            device.execute(() -> listener.finished(0, chw));
            return () -> {};
          }
        };
    worker(diverging).handle(world.record(request("a", "")));
    assertThat(world.log.ends("a").get(0).data()).containsEntry("field", "model");
    world.checkEnded("a");
  }

  @Test
  void defectWhileResolvingAModel_countsAsAnAttempt() throws Exception {
    NoiseSampler broken =
        new NoiseSampler() {
          @Override
          public ModelInfo resolve(String model, Optional<Engine> engine) {
            throw new IllegalStateException("a defect");
          }
        };
    AtomicReference<Delivery> delivery = new AtomicReference<>(world.record(request("a", "")));
    for (int i = 0; i < 4; i++) {
      assertThatThrownBy(() -> worker(broken).handle(delivery.get()))
          .isInstanceOf(IllegalStateException.class);
      delivery.set(again(delivery.get()));
    }
    assertThat(world.jobRecord("a").attempts()).isEqualTo(4);
    assertThat(world.log.events()).isEmpty();
    assertThat(world.worker().handle(delivery.get())).isEqualTo(Settlement.ACCEPT);
    assertThat(world.log.ends("a").get(0).type()).isEqualTo(JobEvent.Type.COMPLETED);
    assertThat(world.jobRecord("a").model()).contains("tiny@1");
    world.checkEnded("a");
  }

  @Test
  void unavailableStore_isRetriedDuringTheJob() throws Exception {
    Map<String, Integer> failures = new ConcurrentHashMap<>();
    FaultInjector.Fault flaky =
        (after, call, subject) -> {
          if (subject.endsWith("7.png") && failures.merge(subject, 1, Integer::sum) <= 2) {
            throw new StorageException("503");
          }
        };
    assertThat(worker(new SlowDevice(0), flaky).handle(world.record(request("a", "\"count\":64"))))
        .isEqualTo(Settlement.ACCEPT);
    assertThat(failures).hasSize(6);
    assertThat(world.jobRecord("a").attempts()).isEqualTo(1);
    world.checkEnded("a");
  }

  @Test
  void closedPool_releasesTheRecord() throws Exception {
    pool.shutdownNow();
    Delivery delivery = world.record(request("a", ""));
    assertThatThrownBy(() -> worker(new SlowDevice(0)).handle(delivery))
        .isInstanceOf(java.util.concurrent.RejectedExecutionException.class);
    assertThat(world.log.ends("a")).isEmpty();
  }

  @Test
  void duplicatesInOneProcess_waitForTheFirst_andDoNoWork() throws Exception {
    SlowDevice slow = new SlowDevice(5);
    JobHandler<?> worker = worker(slow);
    String json = request("a", "\"count\":20");
    ExecutorService lanes = Executors.newFixedThreadPool(8);
    AtomicInteger accepted = new AtomicInteger();
    for (int i = 0; i < 200; i++) {
      Delivery delivery = world.record(json);
      lanes.execute(
          () -> {
            try {
              if (worker.handle(delivery) == Settlement.ACCEPT) {
                accepted.incrementAndGet();
              }
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }
    lanes.shutdown();
    assertThat(lanes.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    assertThat(accepted.get()).isEqualTo(200);
    assertThat(slow.submitted.get()).isEqualTo(20);
    assertThat(world.jobRecord("a").attempts()).isEqualTo(1);
    assertThat(world.log.ends("a")).hasSize(200);
    world.checkEnded("a");
  }

  private NoiseSampler failing(RuntimeException cause) {
    return new NoiseSampler() {
      @Override
      public Running submit(SamplingJob job, RowListener listener) {
        device.execute(() -> listener.failed(cause));
        return () -> {};
      }
    };
  }

  private Thread lane(
      JobHandler<?> worker, Delivery delivery, AtomicReference<Settlement> settled) {
    Thread lane =
        new Thread(
            () -> {
              try {
                settled.set(worker.handle(delivery));
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    lane.start();
    return lane;
  }

  private void waitForImages(int count) throws InterruptedException {
    while (world.store.list("jobs/a/images/").size() < count) {
      Thread.sleep(5);
    }
  }
}

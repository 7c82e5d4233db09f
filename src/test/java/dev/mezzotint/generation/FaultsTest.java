package dev.mezzotint.generation;

import static dev.mezzotint.generation.World.again;
import static dev.mezzotint.generation.World.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.mezzotint.delivery.Crash;
import dev.mezzotint.delivery.FaultInjector;
import dev.mezzotint.delivery.JobHandler;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.sampling.NoiseSampler;
import dev.mezzotint.sampling.SamplingJob;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.StorageException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every call of a worker fails once, in every way that a call can fail. */
class FaultsTest {
  private static final String JOB = request("a", "\"count\":2,\"output\":{\"grid\":true}");
  private static final String BAD_JOB = request("a", "\"steps\":0");

  @ParameterizedTest
  @ValueSource(strings = {"completed", "failed"})
  void nextWorkerEndsTheJob_whenAWorkerIsKilledAtAnyCall(String end) throws Exception {
    String json = end.equals("completed") ? JOB : BAD_JOB;
    int points = 0;
    for (boolean after : new boolean[] {false, true}) {
      for (int n = 1; ; n++) {
        World world = new World();
        Delivery delivery = world.record(json);
        Crash crash = new Crash(n, after);
        if (!crash.kills(world.worker("w1", crash), delivery)) {
          break;
        }
        points++;
        assertThat(world.worker("w2", FaultInjector.Fault.NONE).handle(again(delivery)))
            .isEqualTo(Settlement.ACCEPT);
        world.checkEnded("a");
        assertThat(world.log.ends("a").get(0).type().wireName()).isEqualTo(end);
        checkAccepted(world);
      }
    }
    assertThat(points).isEqualTo(end.equals("completed") ? 2 * 8 : 2 * 4);
  }

  @Test
  void thirdWorkerEndsTheJob_whenTwoWorkersAreKilled() throws Exception {
    int pairs = 0;
    for (int n = 1; n <= 8; n++) {
      for (int m = 1; m <= 12; m++) {
        World world = new World();
        Delivery delivery = world.record(JOB);
        new Crash(n, /* after= */ m % 2 == 0)
            .kills(world.worker("w1", new Crash(n, m % 2 == 0)), delivery);
        Crash second = new Crash(m, /* after= */ n % 2 == 0);
        second.kills(world.worker("w2", second), again(delivery));
        world.worker("w3", FaultInjector.Fault.NONE).handle(again(again(delivery)));
        world.checkEnded("a");
        checkAccepted(world);
        pairs++;
      }
    }
    assertThat(pairs).isEqualTo(96);
  }

  /** The job was announced before it ended, if anything was done for it. */
  private static void checkAccepted(World world) {
    if (world.log.ends("a").get(0).type() == JobEvent.Type.COMPLETED) {
      List<String> words = world.log.types("a");
      assertThat(words.indexOf("accepted")).isBetween(0, words.indexOf("completed"));
      assertThat(words.indexOf("started")).isBetween(0, words.indexOf("completed"));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void retriesWithinTheAttempt_whenACallFailsOnce(boolean after) throws Exception {
    for (int n = 1; n <= 8; n++) {
      World world = new World();
      Delivery delivery = world.record(JOB);
      Hiccup hiccup = new Hiccup(n, after, /* times= */ 1);
      assertThat(world.worker("w1", hiccup).handle(delivery)).isEqualTo(Settlement.ACCEPT);
      assertThat(hiccup.failures()).isEqualTo(1);
      world.checkEnded("a");
      assertThat(world.jobRecord("a").attempts()).as("call %s", n).isEqualTo(1);
      assertThat(world.jobRecord("a").failedAttempts()).isZero();
    }
  }

  @Test
  void releasesWithoutEvents_whenTheStoreStaysUnavailable() throws Exception {
    World world = new World();
    Delivery delivery = world.record(JOB);
    Hiccup away = new Hiccup(1, /* after= */ false, Integer.MAX_VALUE);
    assertThat(world.worker("w1", away).handle(delivery)).isEqualTo(Settlement.RELEASE);
    assertThat(away.failures()).isGreaterThan(2);
    assertThat(world.log.events()).isEmpty();
    assertThat(world.worker().handle(again(delivery))).isEqualTo(Settlement.ACCEPT);
    world.checkEnded("a");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void releases_whenAnOutageBeginsAtAnyCall(int n) throws Exception {
    World world = new World();
    Delivery delivery = world.record(JOB);
    Hiccup away = new Hiccup(n, /* after= */ true, Integer.MAX_VALUE);
    assertThat(world.worker("w1", away).handle(delivery)).isEqualTo(Settlement.RELEASE);
    assertThat(world.worker().handle(again(delivery))).isEqualTo(Settlement.ACCEPT);
    world.checkEnded("a");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void writesAndPublishesNothing_afterTheLockIsLost(boolean after) throws Exception {
    for (int n = 1; n <= 8; n++) {
      World world = new World();
      Delivery delivery = world.record(JOB);
      int at = n;
      AtomicInteger calls = new AtomicInteger();
      List<String> later = new ArrayList<>();
      FaultInjector.Fault fence =
          (isAfter, call, subject) -> {
            if (!isAfter && delivery.fenced() && !call.equals("get")) {
              later.add(call + " " + subject);
            }
            if (!isAfter) {
              calls.incrementAndGet();
            }
            if (calls.get() == at && isAfter == after) {
              delivery.fence();
            }
          };
      Settlement settled = world.worker("zombie", fence).handle(delivery);
      assertThat(delivery.fenced()).isTrue();
      assertThat(later).as("calls after call %s", n).isEmpty();
      assertThat(settled).isEqualTo(n < 8 ? Settlement.RELEASE : Settlement.ACCEPT);
      world.worker("w2", FaultInjector.Fault.NONE).handle(again(delivery));
      world.checkEnded("a");
    }
  }

  @Test
  void twelveShutdownsInARow_doNotCountAsFailedAttempts() throws Exception {
    World world = new World();
    Delivery delivery = world.record(JOB);
    for (int i = 0; i < 12; i++) {
      Delivery current = delivery;
      NoiseSampler slow =
          new NoiseSampler() {
            @Override
            public Running submit(SamplingJob job, RowListener listener) {
              current.drain();
              return cancelled::incrementAndGet;
            }
          };
      JobHandler<?> worker = world.worker("w" + i, FaultInjector.Fault.NONE, slow, Runnable::run);
      assertThat(worker.handle(current)).isEqualTo(Settlement.RELEASE);
      assertThat(slow.cancelled.get()).isEqualTo(1);
      delivery = again(delivery);
    }
    assertThat(world.jobRecord("a").failedAttempts()).isZero();
    assertThat(world.jobRecord("a").attempts()).isEqualTo(12);
    assertThat(world.worker().handle(delivery)).isEqualTo(Settlement.ACCEPT);
    assertThat(world.log.ends("a").get(0).type()).isEqualTo(JobEvent.Type.COMPLETED);
    world.checkEnded("a");
  }

  /** A worker's copies of a record have other positions, but count as the same record. */
  @Test
  void attemptsAtCopiesOfARecord_countTogether() throws Exception {
    World world = new World();
    Delivery delivery = world.record(JOB);
    String origin = delivery.position();
    int deaths = 0;
    Settlement end = Settlement.RELEASE;
    while (end != Settlement.ACCEPT) {
      Crash crash = Crash.at("create", Keys.image("a", 1));
      if (crash.kills(world.worker("w" + deaths, crash), delivery)) {
        deaths++;
      } else {
        end = Settlement.ACCEPT;
      }
      // Every third delivery is a new copy.
      delivery = deaths % 3 == 0 ? copy(world, delivery) : again(delivery);
      assertThat(delivery.origin()).isEqualTo(origin);
      assertThat(deaths).isLessThanOrEqualTo(5);
    }
    assertThat(deaths).isEqualTo(5);
    assertThat(world.log.ends("a").get(0).type()).isEqualTo(JobEvent.Type.FAILED);
    world.checkEnded("a");
  }

  private static Delivery copy(World world, Delivery original) {
    Delivery place = world.record(original.value());
    return new Delivery(
        place.topic(),
        place.partition(),
        place.offset(),
        1,
        original.value(),
        List.of(Map.entry(Delivery.ORIGIN, original.origin().getBytes(StandardCharsets.US_ASCII))));
  }

  @Test
  void shutdown_doesNotWaitForAnUnavailableStore() {
    World world = new World();
    Delivery delivery = world.record(JOB);
    FaultInjector.Fault awayWhileDraining =
        (after, call, subject) -> {
          if (subject.equals(Keys.manifest("a"))) {
            delivery.drain();
            throw new StorageException("away");
          }
        };
    assertTimeoutPreemptively(
        Duration.ofSeconds(5),
        () ->
            assertThat(world.worker("w1", awayWhileDraining).handle(delivery))
                .isEqualTo(Settlement.RELEASE));
    assertThat(world.log.ends("a")).isEmpty();
  }

  @Test
  void finishedWorkIsCommitted_whileDraining() throws Exception {
    World world = new World();
    Delivery delivery = world.record(JOB);
    FaultInjector.Fault drain =
        (after, call, subject) -> {
          if (after && subject.equals(Keys.grid("a"))) {
            delivery.drain();
          }
        };
    assertThat(world.worker("w1", drain).handle(delivery)).isEqualTo(Settlement.ACCEPT);
    world.checkEnded("a");
  }

  @Test
  void drainingWorker_takesNoNewRecord() throws Exception {
    World world = new World();
    Delivery delivery = world.record(JOB);
    delivery.drain();
    assertThat(world.worker().handle(delivery)).isEqualTo(Settlement.RELEASE);
    assertThat(world.store.writes()).isEmpty();
    assertThat(world.log.events()).isEmpty();
  }

  @Test
  void jobRecordIsReadAgain_whileOthersChangeIt() throws Exception {
    World world = new World();
    Delivery delivery = world.record(JOB);
    Crash crash = new Crash(2, /* after= */ false);
    crash.kills(world.worker("w0", crash), delivery);
    AtomicInteger races = new AtomicInteger();
    FaultInjector.Fault race =
        (after, call, subject) -> {
          if (!after && call.equals("replace") && races.incrementAndGet() <= 3) {
            var stored = world.store.get(Keys.jobRecord("a")).orElseThrow();
            world.store.replace(subject, stored.bytes(), "application/json", stored.etag());
          }
        };
    assertThat(world.worker("w1", race).handle(again(delivery))).isEqualTo(Settlement.ACCEPT);
    assertThat(races.get()).isEqualTo(4);
    assertThat(world.jobRecord("a").attempts()).isEqualTo(2);
    world.checkEnded("a");
  }

  /** From the n-th call on, a number of calls fail with a transient exception. */
  private static final class Hiccup implements FaultInjector.Fault {
    private final int from;
    private final boolean after;
    private final int times;
    private int calls;
    private int failures;

    Hiccup(int from, boolean after, int times) {
      this.from = from;
      this.after = after;
      this.times = times;
    }

    @Override
    public synchronized void at(boolean isAfter, String call, String subject) {
      if (!isAfter) {
        calls++;
      }
      if (calls >= from && isAfter == after && failures < times) {
        failures++;
        throw call.equals("publish")
            ? new TransientException("broker away")
            : new StorageException("store away");
      }
    }

    synchronized int failures() {
      return failures;
    }
  }
}

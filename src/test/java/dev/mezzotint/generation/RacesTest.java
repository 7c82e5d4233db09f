package dev.mezzotint.generation;

import static dev.mezzotint.generation.World.again;
import static dev.mezzotint.generation.World.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.control.PendingJobTerminator;
import dev.mezzotint.delivery.Crash;
import dev.mezzotint.delivery.FaultInjector;
import dev.mezzotint.delivery.JobHandler;
import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.storage.StorageException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several workers process one job in random interleavings. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RacesTest {
  private static final String JOB = request("a", "\"count\":2");

  @Test
  void twoWorkersRacingForOneId_commitOnce() throws Exception {
    for (int round = 0; round < 60; round++) {
      World world = new World();
      CyclicBarrier start = new CyclicBarrier(2);
      AtomicInteger accepted = new AtomicInteger();
      List<Thread> lanes = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        JobHandler<?> worker = world.worker("w" + i, FaultInjector.Fault.NONE);
        Delivery delivery = world.record(JOB);
        lanes.add(
            new Thread(
                () -> {
                  try {
                    start.await();
                    if (worker.handle(delivery) == Settlement.ACCEPT) {
                      accepted.incrementAndGet();
                    }
                  } catch (Exception e) {
                    throw new AssertionError(e);
                  }
                }));
      }
      lanes.forEach(Thread::start);
      for (Thread lane : lanes) {
        lane.join();
      }
      assertThat(accepted.get()).isEqualTo(2);
      assertThat(world.log.ends("a")).hasSize(2);
      world.checkEnded("a");
    }
  }

  @Test
  void randomInterleavingsWithFaults_endInOneResult() throws Exception {
    Map<String, Integer> seen = new HashMap<>();
    for (int seed = 0; seed < 300; seed++) {
      interleave(seed, seen, /* cancelled= */ false);
    }
    // The random draws covered every kind of fault, and commits of more than one worker.
    assertThat(seen.keySet())
        .contains("killed", "failed before", "answer lost", "fenced", "drained", "third worker");
    assertThat(seen.get("won by 2")).isGreaterThan(20);
    assertThat(seen.get("won by 1")).isGreaterThan(20);
  }

  /** As above, but the job is cancelled and ended early while the workers run. */
  @Test
  void randomInterleavingsWithCancellation_haveOneEnd() throws Exception {
    Map<String, Integer> seen = new HashMap<>();
    for (int seed = 0; seed < 300; seed++) {
      interleave(seed, seen, /* cancelled= */ true);
    }
    assertThat(seen.get("ended CANCELLED")).isGreaterThan(30);
    assertThat(seen.get("ended COMPLETED")).isGreaterThan(30);
    assertThat(seen.get("ended early")).isGreaterThan(30);
  }

  private static void interleave(int seed, Map<String, Integer> seen, boolean cancelled)
      throws Exception {
    Random random = new Random(seed);
    World world = new World();
    Baton baton = new Baton(random);
    // The same record twice (its lock lapsed), or a duplicate of it.
    Delivery first = world.record(JOB);
    List<Delivery> records = new ArrayList<>(List.of(first));
    records.add(random.nextBoolean() ? again(first) : world.record(JOB));
    if (random.nextInt(4) == 0) {
      seen.merge("third worker", 1, Integer::sum);
      records.add(world.record(JOB));
    }
    Map<Delivery, Settlement> settled = java.util.Collections.synchronizedMap(new HashMap<>());
    List<Thread> lanes = new ArrayList<>();
    for (int i = 0; i < records.size(); i++) {
      Delivery delivery = records.get(i);
      Trouble trouble = new Trouble(baton, new Random(random.nextLong()), delivery, seen);
      JobHandler<?> worker = world.worker("w" + i, trouble);
      lanes.add(
          baton.runner(
              () -> {
                try {
                  settled.put(delivery, worker.handle(delivery));
                } catch (Crash.Killed e) {
                  synchronized (seen) {
                    seen.merge("killed", 1, Integer::sum);
                  }
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
              }));
    }
    if (cancelled) {
      Delivery look = world.record(JOB);
      Trouble trouble = new Trouble(baton, new Random(random.nextLong()), look, seen);
      PendingJobTerminator control = world.control(trouble);
      lanes.add(baton.runner(() -> callOff(world, control, look, baton, seen)));
    }
    baton.conduct(lanes);
    for (Delivery delivery : records) {
      Delivery current = delivery;
      Settlement end = settled.getOrDefault(current, Settlement.RELEASE);
      // A fenced or killed delivery is repeated, regardless of its settlement.
      if (end != Settlement.ACCEPT || delivery.fenced()) {
        current = again(current);
        end = world.worker("last", FaultInjector.Fault.NONE).handle(current);
      }
      assertThat(end).as("seed %s", seed).isEqualTo(Settlement.ACCEPT);
    }
    world.checkEnded("a");
    JobEvent.Type type = world.log.ends("a").get(0).type();
    assertThat(cancelled || type == JobEvent.Type.COMPLETED).isTrue();
    seen.merge("ended " + type, 1, Integer::sum);
    seen.merge("won by " + Math.min(2, world.manifest("a").attempt()), 1, Integer::sum);
  }

  private static void callOff(
      World world,
      PendingJobTerminator control,
      Delivery look,
      Baton baton,
      Map<String, Integer> seen) {
    int patience = new Random(look.offset()).nextInt(12);
    for (int i = 0; i < patience; i++) {
      baton.await();
    }
    world.cancelled.add("a");
    try {
      if (control.endIfOver(look)) {
        synchronized (seen) {
          seen.merge("ended early", 1, Integer::sum);
        }
      }
    } catch (Crash.Killed | TransientException | AttemptStoppedException e) {
      // the next worker ends the job
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Waits for its turn at each call, and injects random faults. */
  private static final class Trouble implements FaultInjector.Fault {
    private final Baton baton;
    private final Random random;
    private final Delivery delivery;
    private final Map<String, Integer> seen;
    private boolean dead;

    Trouble(Baton baton, Random random, Delivery delivery, Map<String, Integer> seen) {
      this.baton = baton;
      this.random = random;
      this.delivery = delivery;
      this.seen = seen;
    }

    @Override
    public void at(boolean after, String call, String subject) {
      baton.await();
      int draw = random.nextInt(80);
      if (dead || draw == 0) {
        dead = true;
        throw new Crash.Killed();
      } else if (draw == 1) {
        note("fenced");
        delivery.fence();
      } else if (draw == 2) {
        note("drained");
        delivery.drain();
      } else if (draw < 8) {
        note(after ? "answer lost" : "failed before");
        throw new StorageException("away");
      }
    }

    private void note(String what) {
      synchronized (seen) {
        seen.merge(what, 1, Integer::sum);
      }
    }
  }

  /** Lets one of several threads run at a time, chosen at random. */
  private static final class Baton {
    private final Random random;
    private final List<Thread> waiting = new ArrayList<>();
    private int live;
    private Thread next;

    Baton(Random random) {
      this.random = random;
    }

    Thread runner(Runnable work) {
      return new Thread(
          () -> {
            try {
              await();
              work.run();
            } finally {
              gone();
            }
          });
    }

    private synchronized void gone() {
      live--;
      notifyAll();
    }

    synchronized void await() {
      Thread me = Thread.currentThread();
      waiting.add(me);
      notifyAll();
      try {
        while (next != me) {
          wait();
        }
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      next = null;
      waiting.remove(me);
    }

    /** Returns when all threads have ended. */
    void conduct(List<Thread> threads) throws InterruptedException {
      synchronized (this) {
        live = threads.size();
        threads.forEach(Thread::start);
        while (live > 0) {
          if (next == null && waiting.size() == live) {
            // In the order of the threads, so that a seed gives the same run.
            List<Thread> ordered = threads.stream().filter(waiting::contains).toList();
            next = ordered.get(random.nextInt(ordered.size()));
            notifyAll();
          }
          wait();
        }
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }
  }
}

package dev.mezzotint.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.faults.Crew.Member;
import dev.mezzotint.faults.Matrix.Batch;
import dev.mezzotint.faults.StoreFault.Pass;
import dev.mezzotint.faults.StoreFault.Prevent;
import dev.mezzotint.faults.StoreFault.Withhold;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

/** Workers that die, are sent away, or are stopped and go on. */
final class WorkerFaults {
  private final Matrix matrix;

  WorkerFaults(Matrix matrix) {
    this.matrix = matrix;
  }

  /** Arms a worker so that this happens once it is where it shall die. */
  interface Trap {
    void arm(Member member, Batch batch, Runnable kill);
  }

  static void beforeStart(Member member, Batch batch, Runnable kill) {
    member.breaks(
        call -> batch.concerns(call) && call.puts("/job.json") ? new Prevent(kill) : new Pass());
  }

  static void midStep(Member member, Batch batch, Runnable kill) {
    member.breaks(onRequest(batch, "/progressed/", kill));
  }

  static void afterImages(Member member, Batch batch, Runnable kill) {
    member.breaks(
        call ->
            batch.concerns(call) && call.puts("/manifest.json") ? new Prevent(kill) : new Pass());
  }

  static void afterManifest(Member member, Batch batch, Runnable kill) {
    member.breaks(
        call ->
            batch.concerns(call) && call.puts("/manifest.json") ? new Withhold(kill) : new Pass());
  }

  static void afterEvent(Member member, Batch batch, Runnable kill) {
    member.breaks(onAnswer(batch, "/completed/", kill));
  }

  static BrokerTap.Fault onRequest(Batch batch, String text, Runnable then) {
    return new BrokerTap.Fault() {
      @Override
      public boolean passes(BrokerTap.Request request) {
        return !produces(request, batch, text) || run(then);
      }
    };
  }

  static BrokerTap.Fault onAnswer(Batch batch, String text, Runnable then) {
    return new BrokerTap.Fault() {
      @Override
      public boolean passesAnswer(BrokerTap.Request request) {
        return !produces(request, batch, text) || run(then);
      }
    };
  }

  private static boolean run(Runnable then) {
    then.run();
    return false;
  }

  static boolean produces(BrokerTap.Request request, Batch batch, String text) {
    return request.api() == BrokerTap.PRODUCE
        && request.holds(batch.prefix())
        && request.holds(text);
  }

  /** Two workers at work; one of them dies at the given place, and a new one comes. */
  void killed(String where, Trap trap, int pictures, int steps) throws Exception {
    matrix.row(
        "kill -9 " + where,
        60,
        batch -> {
          for (int kill = 0; kill < matrix.size(1, 5); kill++) {
            var workers = matrix.crew().atWork(2);
            AtomicReference<Member> victim = new AtomicReference<>();
            for (Member member : workers) {
              trap.arm(
                  member,
                  batch,
                  () -> {
                    if (victim.compareAndSet(null, member)) {
                      member.jvm().kill();
                      batch.struck();
                    }
                  });
            }
            matrix.crew().prepare(1);
            batch.send(matrix.size(4, 10), pictures, steps);
            assertThat(Matrix.await(Duration.ofSeconds(40), () -> victim.get() != null))
                .as("a worker came to where it was to die")
                .isTrue();
            workers.forEach(
                member -> {
                  member.breaks(StoreFault.NONE);
                  member.breaks(BrokerTap.Fault.NONE);
                });
          }
          matrix.crew().atWork(2);
        });
  }

  static Predicate<Evidence.Event> started(Batch batch) {
    return event -> event.type().equals("started") && event.jobId().startsWith(batch.prefix());
  }
}

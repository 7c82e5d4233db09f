package dev.mezzotint.faults;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** A broker that goes away, and answers that get lost. */
final class BrokerFaults {
  private final Matrix matrix;

  BrokerFaults(Matrix matrix) {
    this.matrix = matrix;
  }

  void restarted() throws Exception {
    matrix.row(
        "broker killed and restarted",
        90,
        batch -> {
          for (int i = 0; i < matrix.size(1, 4); i++) {
            away(batch, /* inGoodOrder= */ i % 2 == 1, 0);
          }
        });
  }

  void away() throws Exception {
    int seconds = matrix.size(8, 60);
    matrix.row(
        "broker away for " + seconds + " s",
        120,
        batch -> away(batch, /* inGoodOrder= */ true, seconds));
  }

  private void away(Matrix.Batch batch, boolean inGoodOrder, int seconds) throws Exception {
    matrix.crew().atWork(2);
    batch.send(matrix.size(6, 20), 4, 120);
    matrix
        .log()
        .await(
            Duration.ofSeconds(40),
            event -> event.type().equals("started") && batch.ids().contains(event.jobId()))
        .orElseThrow();
    matrix.site().stopBroker(inGoodOrder);
    batch.struck();
    Matrix.sleep(1000L * seconds);
    matrix.site().startBrokerAgain();
  }

  /** By turns the acknowledgement does not arrive, or it does and its answer is lost. */
  void lostAcknowledgements() throws Exception {
    matrix.row(
        "lost acknowledgement",
        60,
        batch -> {
          AtomicInteger asked = new AtomicInteger();
          AtomicInteger answered = new AtomicInteger();
          int each = matrix.size(2, 10);
          for (Crew.Member member : matrix.crew().atWork(2)) {
            member.breaks(
                new BrokerTap.Fault() {
                  @Override
                  public boolean passes(BrokerTap.Request request) {
                    return request.api() != BrokerTap.SHARE_ACKNOWLEDGE || lost(batch, asked, each);
                  }

                  @Override
                  public boolean passesAnswer(BrokerTap.Request request) {
                    return request.api() != BrokerTap.SHARE_ACKNOWLEDGE
                        || lost(batch, answered, each);
                  }
                });
          }
          batch.send(matrix.size(10, 40), 2, 4);
          matrix.log().awaitEnds(batch.ids(), Duration.ofSeconds(40));
        });
  }

  /** Every second one, so many times; false if lost. */
  private static boolean lost(Matrix.Batch batch, AtomicInteger counter, int times) {
    int n = counter.incrementAndGet();
    if (n % 2 == 1 && n < 2 * times) {
      batch.struck();
      return false;
    }
    return true;
  }
}

package dev.mezzotint.faults;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.faults.Crew.Member;
import dev.mezzotint.faults.Matrix.Batch;
import dev.mezzotint.storage.Keys;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;

/**
 * Violations on purpose, in the real topic, in the real bucket and in a real worker: the matrix is
 * worth something only if it finds them.
 */
final class PlantedFaults {
  /** The role {@code control} would send again what is lost here, and so mend what is planted. */
  private static final String WORK_ALONE = "mezzotint.roles=generation";

  private final Matrix matrix;

  PlantedFaults(Matrix matrix) {
    this.matrix = matrix;
  }

  private Batch healthy(String name, int jobs) throws Exception {
    Batch batch = matrix.batch(name);
    matrix.crew().dismiss();
    matrix.crew().begin(WORK_ALONE);
    batch.send(jobs, 2, 4);
    assertThat(matrix.findings(batch, 60).violations()).as("before anything is planted").isEmpty();
    return batch;
  }

  private List<String> violations(Batch batch) {
    return Checker.check(matrix.evidence(batch)).violations();
  }

  void inBucketAndTopic() throws Exception {
    Batch batch = healthy("tampered", 5);
    List<String> ids = List.copyOf(batch.ids());

    matrix.site().objects().delete(Keys.manifest(ids.get(0)));
    assertThat(violations(batch)).singleElement().asString().contains("no manifest");

    matrix.site().objects().put(Keys.image(ids.get(1), 1), new byte[] {1}, "image/png");
    assertThat(violations(batch)).anyMatch(text -> text.contains("altered bytes"));

    matrix
        .site()
        .objects()
        .put(Keys.manifest(ids.get(2)), "{\"state\":\"completed\"}".getBytes(UTF_8), "text/plain");
    assertThat(violations(batch))
        .anyMatch(text -> text.startsWith(ids.get(2)) && text.contains("not the one"));

    String end =
        matrix.evidence(batch).of(ids.get(3)).stream()
            .filter(Evidence.Event::terminal)
            .findFirst()
            .orElseThrow()
            .text();
    publish(end.replaceAll("/completed/[0-9a-f]{16}", "/completed/0123456789abcdef"));
    assertThat(violations(batch))
        .anyMatch(text -> text.startsWith(ids.get(3)) && text.contains("several ends"));

    Member worker = matrix.crew().working().get(0);
    batch.fence(worker.name(), java.util.Set.of(ids.get(4)));
    publish(
        "{\"id\":\"%1$s/progressed/1/777\",\"type\":\"progressed\",\"jobId\":\"%1$s\",\"attempt\":1,"
                .formatted(ids.get(4))
            + "\"sequence\":1999998,\"time\":\"2026-01-01T00:00:00Z\"}");
    assertThat(violations(batch))
        .anyMatch(text -> text.contains(worker.name() + " had lost the job and published"));

    batch.sent().put(batch.prefix() + "never-sent", 1);
    assertThat(violations(batch)).anyMatch(text -> text.contains("never-sent has no terminal"));

    Findings before = Checker.check(matrix.evidence(batch));
    forgetEvents();
    assertThat(Checker.check(matrix.evidence(batch)).lost())
        .isEqualTo(6)
        .isGreaterThan(before.lost());
  }

  private void publish(String event) {
    matrix.site().publish(matrix.site().topics().events(), null, event.getBytes(UTF_8));
  }

  private void forgetEvents() throws Exception {
    TopicPartition events = new TopicPartition(matrix.site().topics().events(), 0);
    try (Admin admin =
        Admin.create(Map.of("bootstrap.servers", matrix.site().bootstrapServers()))) {
      admin
          .deleteRecords(Map.of(events, RecordsToDelete.beforeOffset(matrix.log().end())))
          .all()
          .get(20, TimeUnit.SECONDS);
    }
  }

  /** A worker that accepts a record before its job is committed loses it when it is killed. */
  void acceptedBeforeCommit() throws Exception {
    matrix.crew().dismiss();
    Batch batch = matrix.batch("planted-accept-first");
    AtomicReference<Member> victim = new AtomicReference<>();
    Member member = matrix.crew().begin("accept-first", WORK_ALONE);
    Traps.midStep(
        member,
        batch,
        () -> {
          if (victim.compareAndSet(null, member)) {
            member.jvm().kill();
          }
        });
    batch.send(2, 16, 400);
    assertThat(Matrix.await(Duration.ofSeconds(40), () -> victim.get() != null)).isTrue();
    matrix.crew().begin(WORK_ALONE);

    Findings findings = matrix.findings(batch, 10);

    assertThat(findings.lost()).as("the matrix finds the loss").isPositive();
    assertThat(findings.violations()).anyMatch(text -> text.contains("has no terminal event"));
  }
}

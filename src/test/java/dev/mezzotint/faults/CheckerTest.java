package dev.mezzotint.faults;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.faults.Evidence.Event;
import dev.mezzotint.faults.Evidence.Fence;
import dev.mezzotint.storage.Keys;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Violations planted one at a time into evidence that is in order: none may pass. */
class CheckerTest {
  private final Map<String, Integer> sent = new LinkedHashMap<>();
  private final List<Event> events = new ArrayList<>();
  private final Map<String, byte[]> objects = new LinkedHashMap<>();
  private final List<StoreCall> calls = new ArrayList<>();
  private final Set<String> dead = new HashSet<>();
  private final List<Fence> fences = new ArrayList<>();
  private long unsettled;

  CheckerTest() {
    completed("a", "w1");
    completed("b", "w2");
    failed("c", "w1");
  }

  private void completed(String id, String worker) {
    sent.put(id, 1);
    byte[] image = ("image of " + id).getBytes(UTF_8);
    write(worker, Keys.jobRecord(id), "{}".getBytes(UTF_8));
    event(id, "started/1", "started", 1, 1_000_002, worker, "");
    event(id, "progressed/1/1", "progressed", 1, 1_000_003, "", "");
    write(worker, Keys.image(id, 0), image);
    byte[] manifest =
        "{\"id\":\"%s\",\"state\":\"completed\",\"images\":[{\"key\":\"%s\",\"sha256\":\"%s\"}]}"
            .formatted(id, Keys.image(id, 0), StoreTap.sha256(image))
            .getBytes(UTF_8);
    write(worker, Keys.manifest(id), manifest);
    event(id, "completed/1", "completed", 1, 1_999_999, "", StoreTap.sha256(manifest));
  }

  private void failed(String id, String worker) {
    sent.put(id, 1);
    byte[] manifest = "{\"id\":\"%s\",\"state\":\"failed\"}".formatted(id).getBytes(UTF_8);
    write(worker, Keys.manifest(id), manifest);
    dead.add(id);
    event(id, "failed/1", "failed", 0, 999_999, "", StoreTap.sha256(manifest));
  }

  private void write(String worker, String key, byte[] bytes) {
    objects.put(key, bytes);
    calls.add(
        new StoreCall(
            calls.size() + 1,
            worker,
            "PUT",
            key,
            "If-None-Match: *",
            200,
            StoreTap.sha256(bytes),
            "Pass"));
  }

  private void event(
      String job, String id, String type, int attempt, long sequence, String worker, String sha) {
    events.add(
        new Event(
            events.size(),
            job + "/" + id,
            type,
            job,
            attempt,
            sequence,
            worker,
            sha,
            type + job + id + sha));
  }

  private Findings check() {
    return Checker.check(new Evidence(sent, events, objects, calls, dead, unsettled, fences));
  }

  private void assertViolated(String part) {
    assertThat(check().violations()).anyMatch(text -> text.contains(part));
  }

  private void removeEvents(String job, String type) {
    events.removeIf(event -> event.jobId().equals(job) && event.type().equals(type));
  }

  @Test
  void validEvidence_passes() {
    Findings findings = check();

    assertThat(findings.violations()).isEmpty();
    assertThat(findings).isEqualTo(new Findings(3, 2, 1, 0, 0, 0, 0, List.of()));
  }

  @Test
  void duplicateEvent_passes() {
    events.add(events.get(events.size() - 1));
    events.add(events.get(0));

    assertThat(check().well()).isTrue();
  }

  @Test
  void secondExecution_isCounted() {
    events.clear();
    sent.remove("a");
    sent.remove("b");
    objects.keySet().removeIf(key -> !key.contains("/c/"));
    event("c", "started/1", "started", 1, 1_000_002, "w1", "");
    event("c", "started/2", "started", 2, 2_000_002, "w2", "");
    event("c", "failed/1", "failed", 2, 2_999_999, "", sha("c"));

    assertThat(check()).isEqualTo(new Findings(1, 0, 1, 0, 0, 0, 1, List.of()));
  }

  private String sha(String id) {
    return StoreTap.sha256(objects.get(Keys.manifest(id)));
  }

  @Test
  void noJobs_isAViolation() {
    sent.clear();
    events.clear();
    objects.clear();
    calls.clear();

    assertViolated("nothing to check");
  }

  @Test
  void jobWithoutEvents_isAViolation() {
    sent.put("d", 1);

    assertViolated("d has no terminal event");
    assertThat(check().lost()).isEqualTo(1);
  }

  @Test
  void queuedJob_isStuck() {
    sent.put("d", 1);
    unsettled = 1;

    assertThat(check().stuck()).isEqualTo(1);
    assertThat(check().lost()).isZero();
  }

  @Test
  void emptyEventLog_isAViolation() {
    events.clear();

    assertThat(check().lost()).isEqualTo(3);
  }

  @Test
  void unsettledRequest_isAViolation() {
    unsettled = 1;

    assertViolated("1 requests are not settled");
  }

  @Test
  void missingTerminalEvent_isAViolation() {
    removeEvents("a", "completed");

    assertViolated("a has no terminal event");
  }

  @Test
  void secondEnd_isAViolation() {
    event("a", "completed/2", "completed", 2, 2_999_999, "", sha("a"));

    assertViolated("a has several ends");
    assertThat(check().twice()).isEqualTo(1);
  }

  @Test
  void differingCopiesOfTheEnd_areAViolation() {
    Event end = events.get(2);
    events.add(
        new Event(
            99,
            end.id(),
            end.type(),
            end.jobId(),
            end.attempt(),
            end.sequence(),
            "",
            end.manifest(),
            "other"));

    assertViolated("a has differing copies of its end");
  }

  @Test
  void missingManifest_isAViolation() {
    objects.remove(Keys.manifest("a"));

    assertViolated("a has an end but no manifest");
    assertThat(check().lost()).isEqualTo(1);
  }

  @Test
  void overwrittenManifest_isAViolation() {
    write("w2", Keys.manifest("a"), "{\"id\":\"a\",\"state\":\"completed\"}".getBytes(UTF_8));

    assertViolated("a had jobs/a/manifest.json written 2 times");
    assertViolated("a has a manifest that is not the one");
    assertThat(check().twice()).isEqualTo(1);
  }

  @Test
  void unseenWrite_isAViolation() {
    calls.removeIf(call -> call.puts("manifest.json"));

    assertViolated("no write was seen of");
  }

  @Test
  void unconditionalWrite_isAViolation() {
    calls.replaceAll(
        call ->
            new StoreCall(
                call.number(),
                call.worker(),
                call.method(),
                call.key(),
                "",
                200,
                call.body(),
                "Pass"));

    assertViolated("unconditionally");
  }

  @Test
  void alteredImage_isAViolation() {
    objects.put(Keys.image("b", 0), "other".getBytes(UTF_8));

    assertViolated("b has altered bytes");
    assertThat(check().lost()).isEqualTo(1);
  }

  @Test
  void missingImage_isAViolation() {
    objects.remove(Keys.image("b", 0));

    assertViolated("b has no jobs/b/images/00000.png");
  }

  @Test
  void fewerImagesThanRequested_areAViolation() {
    sent.put("b", 2);

    assertViolated("b has 1 images instead of 2");
  }

  @Test
  void failureWithoutADeadLetter_isAViolation() {
    dead.clear();

    assertViolated("c failed without a dead letter");
  }

  @Test
  void decreasingSequence_isAViolation() {
    event("a", "progressed/1/0", "progressed", 1, 1_000_001, "", "");

    assertViolated("a: sequence falls");
  }

  @Test
  void decreasingAttempt_isAViolation() {
    event("b", "started/3", "started", 3, 3_000_002, "w1", "");
    event("b", "started/2", "started", 2, 2_000_002, "w1", "");

    assertViolated("b: attempt falls");
  }

  @Test
  void lateEventOfAnotherWorkersAttempt_passes() {
    event("a", "started/3", "started", 3, 3_000_002, "w3", "");
    event("a", "started/2", "started", 2, 2_000_002, "w2", "");

    assertThat(check().violations()).isEmpty();
  }

  @Test
  void attemptOfTwoWorkers_isAViolation() {
    event("b", "started/2", "started", 2, 2_000_002, "w1", "");
    event("b", "started/2", "started", 2, 2_000_002, "w2", "");

    assertViolated("b: w1 and w2 both began");
  }

  @Test
  void unsentJob_isAViolation() {
    sent.remove("b");

    assertViolated("for a job that was not sent");
    assertViolated("belongs to a job that was not sent");
  }

  @Test
  void removedResult_isAViolation() {
    calls.add(new StoreCall(99, "w1", "DELETE", Keys.image("a", 0), "", 204, "", "Pass"));

    assertViolated("a: w1 removed");
  }

  @Test
  void removedImagesOfAFailedJob_pass() {
    calls.add(new StoreCall(99, "w1", "DELETE", Keys.image("c", 0), "", 204, "", "Pass"));

    assertThat(check().well()).isTrue();
  }

  @Test
  void eventAfterLosingTheJob_isAViolation() {
    fences.add(new Fence("w1", Set.of("a"), events.size(), calls.size()));
    assertThat(check().well()).isTrue();

    event("a", "progressed/1/2", "progressed", 1, 1_000_004, "", "");

    assertViolated("w1 had lost the job and published a/progressed/1/2");
  }

  @Test
  void writeAfterLosingTheJob_isAViolation() {
    fences.add(new Fence("w1", Set.of("a"), events.size(), calls.size()));

    write("w1", Keys.image("a", 1), new byte[0]);

    assertViolated("w1 had lost the job and wrote jobs/a/images/00001.png");
  }
}

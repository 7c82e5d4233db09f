package dev.mezzotint.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.observability.Instrumentation;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.worker.Tail.Letter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One worker with {@code MEZZOTINT_INPUTS}, and requests of a tenant that name another's objects.
 */
class TenantInputsTest {
  private static final SimpleMeterRegistry METERS = new SimpleMeterRegistry();

  @TempDir static Path folder;

  private static Site site;
  private static Worker worker;
  private static Tail events;
  private static Tail dead;

  @BeforeAll
  static void start() throws IOException {
    site = new Site(folder);
    site.set("mezzotint.inputs", "shared/,tenants/{tenant}/");
    FrameJobTest.makeModel(site.models());
    for (String prefix : List.of("shared/", "tenants/red/", "tenants/blue/")) {
      site.store().put(prefix + "maps/0.png", FrameJobTest.map(1), "image/png");
      site.store().put(prefix + "maps/1.png", FrameJobTest.map(2), "image/png");
      site.store().put(prefix + "maps.zip", zipped(FrameJobTest.map(3)), "application/zip");
      site.store().put(prefix + "start.png", start16(), "image/png");
      site.store().put(prefix + "squares.zip", TrainingJobTest.squares(4), "application/zip");
    }
    WorkerConfig settings = site.settings("guarded");
    worker =
        Worker.start(
            settings, Endpoints.open(settings), new Instrumentation(METERS, Optional.empty()));
    events = site.tail(site.topics().events());
    dead = site.tail(site.topics().deadLetters());
  }

  @AfterAll
  static void stop() {
    events.close();
    dead.close();
    worker.close();
    site.close();
  }

  private static byte[] start16() {
    return Png.encode(new Pixels(16, 16, 3, new byte[3 * 16 * 16]));
  }

  private static byte[] zipped(byte[] picture) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.putNextEntry(new ZipEntry("0.png"));
      zip.write(picture);
    }
    return out.toByteArray();
  }

  /**
   * @param more members of a request of tenant red, with ' for "
   */
  private record Refused(String more, String field, String key) {}

  private static final List<Refused> REFUSED =
      List.of(
          new Refused(
              "'model':'iadb_defaults','init':{'image':'tenants/blue/start.png','alpha':0.5}",
              "init.image",
              "tenants/blue/start.png"),
          new Refused(
              "'model':'iadb_defaults','init':{'image':'tenants/red/start.png','alpha':0},"
                  + "'mask':'tenants/blue/start.png'",
              "mask",
              "tenants/blue/start.png"),
          new Refused(
              "'model':'maps','condition':'tenants/blue/maps/0.png'",
              "condition",
              "tenants/blue/maps/0.png"),
          new Refused(
              "'model':'maps','condition':['tenants/red/maps/0.png','tenants/blue/maps/0.png']",
              "condition[1]",
              "tenants/blue/maps/0.png"),
          new Refused(
              "'model':'maps','condition':{'parts':{'labels':'tenants/blue/maps/0.png'}}",
              "condition.parts.labels",
              "tenants/blue/maps/0.png"),
          new Refused(
              "'model':'maps','condition':{'prefix':'tenants/blue/maps/'}",
              "condition",
              "tenants/blue/maps/"),
          new Refused("'model':'maps','condition':{'prefix':'tenants/'}", "condition", "tenants/"),
          new Refused(
              "'model':'maps','condition':{'zip':'tenants/blue/maps.zip'}",
              "condition",
              "tenants/blue/maps.zip"),
          new Refused(
              "'model':'maps','condition':{'prefix':'tenants/red/maps/'},"
                  + "'references':{'prefix':'tenants/blue/maps/'}",
              "references",
              "tenants/blue/maps/"),
          new Refused(
              "'model':'maps','condition':'jobs/of-another/images/00000.png'",
              "condition",
              "jobs/of-another/images/00000.png"));

  private static String request(String id, String more) {
    return "{'id':'%s','tenant':'red','steps':2,%s}".formatted(id, more).replace('\'', '"');
  }

  private static String training(String id, String key) {
    return TrainingJobTest.request(id, 3, 3, ",\"tenant\":\"red\"")
        .replace("datasets/squares.zip", key);
  }

  private static double reads() {
    double reads = 0;
    for (String operation : List.of("read", "stat", "list")) {
      reads +=
          METERS.get("mezzotint.store").tag("operation", operation).timers().stream()
              .mapToLong(timer -> timer.count())
              .sum();
    }
    return reads;
  }

  @Test
  void whatIsAnotherTenantsIsRefusedByFieldAndNotReadAndAllElseGoesThrough() {
    refuses();
    passes();
  }

  private static void refuses() {
    double before = reads();
    List<String> ids = new ArrayList<>();
    for (Refused refused : REFUSED) {
      ids.add("refused-" + ids.size());
      site.send(request(ids.get(ids.size() - 1), refused.more()));
    }
    site.train(training("refused-training", "tenants/blue/squares.zip"));

    for (int i = 0; i < REFUSED.size(); i++) {
      checkRefused(ids.get(i), REFUSED.get(i).field(), REFUSED.get(i).key());
    }
    checkRefused("refused-training", "dataset.reference", "tenants/blue/squares.zip");
    assertThat(reads()).as("reads of the store").isEqualTo(before);
  }

  private static void checkRefused(String id, String field, String key) {
    Letter failed = events.await("failure of " + id, letter -> letter.is("failed", id));

    assertThat(failed.text("field")).isEqualTo(field);
    assertThat(failed.text("cause"))
        .isEqualTo(
            "%s: object %s is not among those that requests of tenant red may name"
                .formatted(field, key));
    Letter letter =
        dead.await("dead letter of " + id, l -> id.equals(l.headers().get("mezzotint-job")));
    assertThat(letter.headers()).containsEntry("mezzotint-field", field);
    assertThat(events.now(one -> one.is("started", id))).isEmpty();
    assertThat(site.store().list(Keys.images(id))).isEmpty();
  }

  private static void passes() {
    site.send(
        request(
            "own-start",
            "'model':'iadb_defaults','init':{'image':'tenants/red/start.png','alpha':0.5}"));
    site.send(request("shared-map", "'model':'maps','condition':'shared/maps/0.png'"));
    site.send(
        request(
            "own-clip",
            "'model':'maps','condition':{'prefix':'tenants/red/maps/'},"
                + "'references':{'prefix':'shared/maps/'}"));
    site.send(request("own-zip", "'model':'maps','condition':{'zip':'tenants/red/maps.zip'}"));
    site.train(training("own-training", "tenants/red/squares.zip"));

    for (String id : List.of("own-start", "shared-map", "own-clip", "own-zip", "own-training")) {
      events.await("end of " + id, letter -> letter.is("completed", id));
    }
  }
}

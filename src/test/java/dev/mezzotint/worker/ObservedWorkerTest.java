package dev.mezzotint.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.json.JsonObject;
import dev.mezzotint.observability.Instrumentation;
import dev.mezzotint.observability.JobLogFilter;
import dev.mezzotint.worker.Tail.Letter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.quarkus.logging.json.runtime.JsonFormatter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.jboss.logmanager.handlers.WriterHandler;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a worker tells of three jobs and a stranger's bytes: meters, traces, lines of the log. */
class ObservedWorkerTest {
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String PRODUCER = "00f067aa0ba902b7";
  private static final AttributeKey<String> JOB = AttributeKey.stringKey("mezzotint.job");
  private static final AttributeKey<Long> EVALUATIONS =
      AttributeKey.longKey("mezzotint.evaluations");

  @TempDir static Path folder;

  private static final SimpleMeterRegistry METERS = new SimpleMeterRegistry();
  private static final InMemorySpanExporter SPANS = InMemorySpanExporter.create();
  private static final ByteArrayOutputStream LINES = new ByteArrayOutputStream();
  private static List<Letter> events;
  private static List<SpanData> spans;

  @BeforeAll
  static void run() throws IOException {
    WriterHandler log = new WriterHandler();
    log.setWriter(new OutputStreamWriter(LINES, UTF_8));
    log.setFormatter(new JsonFormatter("logger-name=logger,thread-name=thread,stack-trace=error"));
    log.setFilter(new JobLogFilter());
    Logger.getLogger("dev.mezzotint").addHandler(log);
    Logger.getLogger("dev.mezzotint").setLevel(Level.FINE);
    OpenTelemetrySdk telemetry =
        OpenTelemetrySdk.builder()
            .setTracerProvider(
                SdkTracerProvider.builder()
                    .addSpanProcessor(SimpleSpanProcessor.create(SPANS))
                    .build())
            .build();
    try (Site site = new Site(folder)) {
      site.shortLocks(2);
      WorkerConfig settings = site.settings("seen");
      Worker worker =
          Worker.start(
              settings,
              Endpoints.open(settings),
              new Instrumentation(METERS, Optional.of(telemetry)));
      WorkerMetrics.register(worker, METERS);
      try (Tail tail = site.tail(site.topics().events())) {
        site.send(request("traced", 40), "00-" + TRACE + "-" + PRODUCER + "-01");
        site.send(request("untraced", 40));
        site.send("{\"id\":\"bad\",\"model\":\"iadb_defaults\",\"steps\":0}");
        site.send("no JSON");
        for (String id : List.of("traced", "untraced")) {
          tail.await("end of " + id, letter -> letter.is("completed", id));
        }
        tail.await("failure", letter -> letter.is("failed", "bad"));
        tail.await("rejection", letter -> letter.text("type").equals("rejected"));
        events = tail.now(letter -> true);
      } finally {
        worker.close();
      }
    } finally {
      Logger.getLogger("dev.mezzotint").removeHandler(log);
      log.flush();
      Logger.getLogger("dev.mezzotint").setLevel(null);
      spans = SPANS.getFinishedSpanItems(); // gone once its provider is closed
      telemetry.close();
    }
  }

  @AfterAll
  static void forget() {
    METERS.close();
  }

  private static String request(String id, int steps) {
    return "{\"id\":\"%s\",\"model\":\"iadb_defaults\",\"count\":3,\"steps\":%d}"
        .formatted(id, steps);
  }

  private static SpanData process(String job) {
    return spans.stream()
        .filter(span -> span.getName().startsWith("process "))
        .filter(span -> job.equals(span.getAttributes().get(JOB)))
        .findFirst()
        .orElseThrow();
  }

  private static List<SpanData> below(SpanData parent) {
    return spans.stream()
        .filter(span -> span.getParentSpanId().equals(parent.getSpanId()))
        .sorted(java.util.Comparator.comparingLong(SpanData::getStartEpochNanos))
        .toList();
  }

  private static SpanData only(List<SpanData> among, String name) {
    List<SpanData> found = among.stream().filter(span -> span.getName().equals(name)).toList();
    assertThat(found).as(name).hasSize(1);
    return found.get(0);
  }

  private static double counted(String name, String... tags) {
    return METERS.get(name).tags(tags).functionCounter().count();
  }

  @Test
  void jobsAreCountedOnceByStateAndRole() {
    // The failed one too: what is entered and what ends must balance.
    assertThat(jobs("accepted")).isEqualTo(3);
    assertThat(jobs("completed")).isEqualTo(2);
    assertThat(jobs("failed")).isEqualTo(1);
    assertThat(jobs("rejected")).isEqualTo(1);
    assertThat(jobs("expired")).isZero();
    assertThat(
            METERS.get("mezzotint.jobs").tags("role", "training", "state", "completed").counter())
        .extracting(counter -> counter.count())
        .isEqualTo(0.0);
  }

  private static double jobs(String state) {
    return METERS
        .get("mezzotint.jobs")
        .tags("role", "generation", "state", state)
        .counter()
        .count();
  }

  @Test
  void waitEncodingStoreAndMemoryAreMeasured() {
    assertThat(METERS.get("mezzotint.queue.wait").tag("role", "generation").timer().count())
        .isEqualTo(4);
    assertThat(METERS.get("mezzotint.encode").timer().count()).isEqualTo(6);
    assertThat(
            METERS
                .get("mezzotint.store")
                .tags("operation", "write", "outcome", "ok")
                .timer()
                .count())
        // two jobs: record, three pictures, manifest; and the failed one's record and manifest
        .isGreaterThanOrEqualTo(2 * 5 + 2);
    assertThat(
            METERS
                .get("mezzotint.store")
                .tags("operation", "write", "outcome", "failed")
                .timer()
                .count())
        .isZero();
    assertThat(METERS.get("mezzotint.memory.resident.bytes").gauge().value())
        .isGreaterThan(1 << 24);
    assertThat(METERS.get("mezzotint.device.memory.used.bytes").gauge().value())
        .isGreaterThan(1 << 24);
    for (String role : List.of("generation", "training")) {
      assertThat(counted("mezzotint.fenced", "role", role)).isZero();
      assertThat(counted("mezzotint.renewals", "role", role, "outcome", "failed")).isZero();
      assertThat(counted("mezzotint.copied", "role", role)).isZero();
    }
  }

  @Test
  void aTraceGoesFromTheProducerThroughWaitAndPhasesToTheEvents() {
    SpanData process = process("traced");
    assertThat(process.getTraceId()).isEqualTo(TRACE);
    assertThat(process.getParentSpanId()).isEqualTo(PRODUCER);
    assertThat(process.getParentSpanContext().isRemote()).isTrue();
    assertThat(process.getKind()).isEqualTo(SpanKind.CONSUMER);
    assertThat(process.getAttributes().asMap())
        .containsEntry(AttributeKey.stringKey("messaging.system"), "kafka")
        .containsEntry(AttributeKey.stringKey("mezzotint.role"), "generation")
        .containsEntry(AttributeKey.stringKey("mezzotint.state"), "completed")
        .containsEntry(AttributeKey.stringKey("mezzotint.settlement"), "ACCEPT")
        .containsEntry(AttributeKey.longKey("mezzotint.attempt"), 1L);

    SpanData wait =
        spans.stream()
            .filter(span -> span.getName().equals("wait in queue"))
            .filter(span -> span.getTraceId().equals(TRACE))
            .findFirst()
            .orElseThrow();
    assertThat(wait.getParentSpanId()).isEqualTo(PRODUCER);
    assertThat(wait.getEndEpochNanos()).isEqualTo(process.getStartEpochNanos());

    List<SpanData> phases = below(process);
    assertThat(phases).extracting(SpanData::getName).containsExactly("claim", "work", "commit");
    SpanData work = phases.get(1);
    SpanData steps = only(below(work), "steps");
    assertThat(steps.getAttributes().get(EVALUATIONS)).isEqualTo(3 * 40);
    SpanData pictures = only(below(work), "pictures");
    assertThat(pictures.getAttributes().get(AttributeKey.longKey("mezzotint.pictures")))
        .isEqualTo(3);
    assertThat(pictures.getStartEpochNanos()).isGreaterThanOrEqualTo(steps.getStartEpochNanos());
    assertThat(below(phases.get(0)))
        .extracting(SpanData::getName)
        .contains("store write", "publish accepted", "publish started");
    assertThat(below(phases.get(2)))
        .extracting(SpanData::getName)
        .containsExactly("store write", "publish completed");
  }

  @Test
  void eventsCarryTheTraceOn() {
    Set<String> published =
        spans.stream()
            .filter(span -> span.getName().startsWith("publish "))
            .map(SpanData::getSpanId)
            .collect(Collectors.toSet());
    List<Letter> traced = of("traced");
    assertThat(traced).hasSizeGreaterThanOrEqualTo(3);
    for (Letter letter : traced) {
      String[] parent = letter.headers().get("traceparent").split("-", -1);
      assertThat(parent[1]).isEqualTo(TRACE);
      if (!letter.text("type").equals("progressed")) {
        assertThat(published).contains(parent[2]);
      }
    }
    assertThat(of("untraced").get(0).headers().get("traceparent"))
        .contains(process("untraced").getTraceId());
  }

  private static List<Letter> of(String job) {
    return events.stream().filter(letter -> letter.text("jobId").equals(job)).toList();
  }

  @Test
  void withoutAProducersTrace_theWaitIsAChildOfTheProcessing() {
    SpanData process = process("untraced");

    assertThat(process.getParentSpanContext().isValid()).isFalse();
    assertThat(below(process)).extracting(SpanData::getName).startsWith("wait in queue");
    assertThat(process("bad").getAttributes().asMap())
        .containsEntry(AttributeKey.stringKey("mezzotint.state"), "failed");
  }

  @Test
  void sharedPassesLinkToTheStepsOfTheJobsThatHadRowsInThem() {
    List<LinkData> links =
        spans.stream()
            .filter(span -> span.getName().equals("passes"))
            .flatMap(span -> span.getLinks().stream())
            .toList();

    for (String job : List.of("traced", "untraced")) {
      SpanData steps = only(below(only(below(process(job)), "work")), "steps");
      List<LinkData> own =
          links.stream()
              .filter(link -> link.getSpanContext().getSpanId().equals(steps.getSpanId()))
              .toList();
      assertThat(own).isNotEmpty();
      assertThat(own).allMatch(link -> job.equals(link.getAttributes().get(JOB)));
      assertThat(own.stream().mapToLong(link -> link.getAttributes().get(EVALUATIONS)).sum())
          .isEqualTo(3 * 40);
    }
    assertThat(spans).as("no span for a pass or a picture").hasSizeLessThan(80);
  }

  @Test
  void everyLineIsAnObjectAndAJobsLinesCarryItsId() {
    List<JsonObject> lines = new ArrayList<>();
    for (String line : LINES.toString(UTF_8).split("\n", -1)) {
      if (!line.isEmpty()) {
        lines.add(JsonObject.parse(line.getBytes(UTF_8)));
      }
    }
    for (String job : List.of("traced", "untraced", "bad")) {
      JsonObject end =
          lines.stream()
              .filter(line -> line.requiredString("message").startsWith("Job " + job + " "))
              .findFirst()
              .orElseThrow();
      JsonObject context = end.object("mdc").orElseThrow();
      assertThat(context.requiredString("job")).isEqualTo(job);
      assertThat(context.requiredString("role")).isEqualTo("generation");
      assertThat(context.requiredString("traceId")).isEqualTo(process(job).getTraceId());
    }
    for (JsonObject line : lines) {
      assertThat(line.requiredString("timestamp")).isNotEmpty();
      assertThat(line.requiredString("level")).isIn("DEBUG", "INFO", "WARN", "ERROR");
    }
  }
}

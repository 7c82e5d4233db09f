package dev.mezzotint.delivery;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.job.AttemptStoppedException.Reason;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.InvalidInputException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** A job record, manifest and event of every kind, with every member that can be present. */
public final class SampleDocuments {
  private static final Instant CREATED = Instant.parse("2026-11-22T12:00:00Z");
  private static final Instant ENDED = Instant.parse("2026-11-22T12:00:01.000002Z");
  private static final String TOPIC = "mezzotint.generation.requests";

  private SampleDocuments() {}

  static JobRecord untried() {
    return JobRecord.withoutAttempts(new JobId("night-run.3"), "f".repeat(64), CREATED);
  }

  /** One attempt failed, one advanced, one was handed back, one runs. */
  static JobRecord tried() {
    JobRecord job = untried();
    String[] runs = {"r1", "r2", "r3", "r4"};
    for (String run : runs) {
      job =
          job.withAttempt(
              Optional.of("tiny@1"), Optional.empty(), "w-" + run, run, TOPIC + "-0@7", ENDED);
    }
    return job.withFault("r1", "no space left on \"/data\"").withAdvance("r2").withHandBack("r3");
  }

  /** Two attempts failed, one runs. */
  static JobRecord failing() {
    JobRecord job = untried();
    for (String run : new String[] {"r1", "r2", "r3"}) {
      job =
          job.withAttempt(
              Optional.of("tiny@1"), Optional.empty(), "w1", run, TOPIC + "-0@7", ENDED);
    }
    return job;
  }

  static Map<String, Manifest> manifests() {
    JobRecord job = tried();
    Map<String, Manifest> all = new LinkedHashMap<>();
    all.put("generation", Manifest.completed(job, ENDED, images()));
    all.put("frames", Manifest.completed(job, ENDED, frames()));
    all.put("training", Manifest.completed(job, ENDED, model()));
    all.put(
        "failed",
        Manifest.failed(
            job, ENDED, new InvalidInputException("steps", "steps must be from 1 to 1000, not 0")));
    all.put("given-up", Manifest.failed(job, ENDED, "given up after 5 attempts"));
    all.put("expired", Manifest.endedEarly(untried(), ENDED, Reason.LATE, request()));
    all.put("cancelled", Manifest.endedEarly(untried(), ENDED, Reason.CANCELLED, request()));
    return all;
  }

  private static GeneratedImages images() {
    return new GeneratedImages(
        Optional.of(
            new GeneratedImages.Settings(
                "tiny@1",
                Optional.empty(),
                "ab2",
                8,
                "cosine",
                OptionalInt.of(3),
                Optional.empty())),
        List.of(
            new GeneratedImages.Image(
                "jobs/night-run.3/images/00000.png", "0".repeat(64), 9, 4, 5, (1L << 53) - 1, 2),
            new GeneratedImages.Image(
                "jobs/night-run.3/images/00001.png", "1".repeat(64), 8, 4, 5, 0, 0)),
        Optional.of(new GeneratedImages.File("jobs/night-run.3/grid.png", "2".repeat(64), 10)));
  }

  private static GeneratedImages frames() {
    return new GeneratedImages(
        Optional.of(
            new GeneratedImages.Settings(
                "tiny@1",
                Optional.empty(),
                "euler",
                4,
                "uniform",
                OptionalInt.empty(),
                Optional.empty())),
        List.of(
            new GeneratedImages.Image(
                "jobs/night-run.3/images/b.png",
                "3".repeat(64),
                7,
                4,
                4,
                42,
                0,
                Optional.of("folder/b \"ü\".png"))),
        List.of(
            new GeneratedImages.BadFile("1.png", "is not a PNG or JPEG file"),
            new GeneratedImages.BadFile("2.png", "is missing")),
        List.of(new GeneratedImages.BadFile("3.png", "is missing")),
        Optional.empty(),
        Optional.of(new GeneratedImages.File("jobs/night-run.3/sheet.png", "4".repeat(64), 11)),
        Optional.of(new GeneratedImages.File("jobs/night-run.3/clip.png", "5".repeat(64), 12)),
        List.of(
            GeneratedImages.InlineFile.png("jobs/night-run.3/images/b.png", "iVBORw0KGgo="),
            GeneratedImages.InlineFile.png("jobs/night-run.3/images/a.png", "iVBORw0KGgs=")));
  }

  private static TrainedModel model() {
    return new TrainedModel(
        "faces@1",
        "6".repeat(64),
        20_000,
        0.0902,
        "jobs/night-run.3/log.csv",
        "jobs/night-run.3/loss.png",
        List.of("jobs/night-run.3/samples/0001000.png", "jobs/night-run.3/samples/0002000.png"),
        List.of(),
        3);
  }

  private static JobRequest request() {
    return new JobRequest() {
      @Override
      public JobId id() {
        return untried().id();
      }

      @Override
      public Optional<Instant> deadline() {
        return Optional.of(CREATED);
      }
    };
  }

  /** Of every type, and of the progress of both kinds of jobs. */
  public static Map<String, JobEvent> events() {
    JobRecord job = tried();
    Map<String, JobEvent> all = new LinkedHashMap<>();
    all.put("accepted", JobEvents.accepted(job));
    all.put("started", JobEvents.started(job, "w1", ENDED));
    all.put(
        "progressed-generation",
        JobEvents.progressed(
            job, 1, Map.of("done", 96, "total", 960L, "images", 1, "frames", List.of("k")), ENDED));
    all.put(
        "progressed-training",
        JobEvents.progressed(
            job, 7, Map.of("iteration", 8120L, "iterations", 20_000, "loss", 0.0934), ENDED));
    manifests().forEach((name, end) -> all.put("end-" + name, JobEvents.end(end.toJson())));
    all.put("rejected", JobEvents.rejected(delivery(), "", "id", "id is missing", ENDED));
    return all;
  }

  /** A record whose headers a dead letter keeps. */
  public static Delivery delivery() {
    return new Delivery(
        TOPIC,
        3,
        4711,
        2,
        "night-run.3".getBytes(UTF_8),
        "{}".getBytes(UTF_8),
        List.of(
            Map.entry("ce_id", "order-7".getBytes(UTF_8)),
            Map.entry("mezzotint-cause", "earlier".getBytes(UTF_8))));
  }
}

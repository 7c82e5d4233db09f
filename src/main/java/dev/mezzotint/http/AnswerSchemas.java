package dev.mezzotint.http;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * Describes answers whose members are copied from events and manifests, for the OpenAPI document.
 * All other answers are records of their own.
 */
final class AnswerSchemas {
  private AnswerSchemas() {}

  @Schema(
      name = "Job",
      requiredProperties = {"id", "kind", "state", "attempt", "since", "updated", "links"})
  record JobView(
      String id,
      @Schema(enumeration = {"generation", "training", ""}) String kind,
      @Schema(enumeration = {"queued", "running", "completed", "failed", "cancelled", "expired"})
          String state,
      int attempt,
      Instant since,
      Instant started,
      Instant updated,
      Instant ended,
      @Schema(description = "Its cancellation is requested and it has not ended yet")
          boolean cancelRequested,
      String model,
      String worker,
      long done,
      long total,
      @Schema(description = "Number of images in the store") long images,
      @Schema(description = "Number of images of the whole job, once a worker knows it")
          long imagesTotal,
      @Schema(
              description =
                  "Before its first image: images that jobs requested earlier still have to"
                      + " generate, an estimate")
          long imagesAhead,
      long failedFrames,
      long iteration,
      long iterations,
      double loss,
      double smoothedLoss,
      double gradientNorm,
      double imagesPerSecond,
      double etaSeconds,
      long pairs,
      long pairsTotal,
      @Schema(description = "The field at fault, of a job that failed") String field,
      @Schema(description = "Why it failed, was cancelled or expired") String cause,
      @Schema(description = "The short members of the request") Map<String, Object> request,
      @Schema(
              description =
                  "Names of members of the request that are too long to be kept: without them it"
                      + " is another request")
          List<String> truncatedFields,
      Map<String, String> links,
      @Schema(description = "Of a training: pairs of iteration and smoothed loss")
          List<List<Double>> curve,
      @Schema(
              description =
                  "The attempts, where each began to advance and had computed everything, and the"
                      + " end: at most 100")
          List<EventView> events) {}

  @Schema(
      name = "StreamEvent",
      description = "The fields of one server-sent event",
      requiredProperties = {"event", "data"})
  record StreamEvent(
      @Schema(enumeration = {"hello", "reset", "job", "figures"}) String event,
      @Schema(description = "JSON; of the event 'job': a Job without links and curve") String data,
      @Schema(description = "For Last-Event-ID") String id,
      @Schema(description = "Milliseconds until a client connects again") int retry) {}

  @Schema(
      name = "JobEvent",
      requiredProperties = {"type", "time", "attempt"})
  record EventView(
      @Schema(
              enumeration = {
                "accepted",
                "started",
                "progressed",
                "completed",
                "failed",
                "cancelled",
                "expired"
              })
          String type,
      Instant time,
      int attempt,
      String worker,
      long done,
      long total,
      long images,
      long iteration,
      long pairs,
      String cause) {}

  @Schema(name = "File", requiredProperties = "key")
  record StoredFile(
      @Schema(description = "Of the object in the bucket") String key,
      @Schema(description = "Its address in this front") String path,
      @Schema(description = "A presigned link to the store") String link,
      @Schema(description = "When the link ends") Instant expires,
      String sha256,
      long bytes,
      long seed,
      int width,
      int height) {}
}

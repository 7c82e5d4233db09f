package dev.mezzotint.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.mezzotint.board.BoardJob;
import dev.mezzotint.board.BoardJob.State;
import dev.mezzotint.board.JobBoard;
import dev.mezzotint.http.AnswerSchemas.JobView;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.sampling.Previews;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStat;
import dev.mezzotint.storage.ObjectStore;
import io.smallrye.common.annotation.Blocking;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.infrastructure.Infrastructure;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.EntityTag;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Request;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.jspecify.annotations.Nullable;

/** Jobs: submitted, listed, cancelled, and their files. */
@Singleton
@Path("/api/jobs")
@Produces(MediaType.APPLICATION_JSON)
public final class JobsResource {
  /** Bytes of a file that is sent through this process; of a larger one only the link is given. */
  static final long FILE_BYTES_MAX = 64L << 20;

  private static final int LIST_MAX = 500;
  private static final int RESULTS_DEFAULT = 100;

  /** Longer than this, proxies give up. */
  private static final int WAIT_SECONDS_MAX = 60;

  private static final Pattern WAIT =
      Pattern.compile("(?:^|,) *wait *= *\"?([0-9]{1,9})\"? *(?:$|[,;])", Pattern.CASE_INSENSITIVE);
  private static final String IMMUTABLE = "private, max-age=86400, immutable";
  private static final String ID = "{id: " + JobId.RULE + "}";
  private static final Pattern AFTER = Pattern.compile("([^~]{1,40})~(" + JobId.RULE + ")");
  private static final Map<String, String> TYPES =
      Map.of("png", "image/png", "json", "application/json", "csv", "text/csv; charset=utf-8");

  private final RunningFront running;
  private final ConnectionLimits limits;

  /**
   * A page of jobs.
   *
   * @param next the parameter 'after' of the next page; null for the last one
   * @param counts all known jobs by state
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record JobList(
      @Schema(implementation = JobView[].class) List<Map<String, Object>> jobs,
      @Nullable String next,
      Map<String, Integer> counts) {}

  /**
   * An image that is being sampled.
   *
   * @param index of the image within its job
   * @param done of {@code total} evaluations
   * @param data a PNG file
   */
  @SuppressWarnings("ArrayRecordComponent") // only written
  record PreviewRow(int index, int done, int total, byte[] data) {}

  /** Up to 16 images of a job that this worker is sampling. */
  record Preview(List<PreviewRow> rows) {}

  record Cancelled(String id) {}

  JobsResource(RunningFront running, ConnectionLimits limits) {
    this.running = running;
    this.limits = limits;
  }

  @GET
  @Operation(operationId = "listJobs", summary = "Lists jobs, the newest first")
  public JobList list(
      @Parameter(
              description = "Only jobs in this state",
              schema =
                  @Schema(
                      enumeration = {
                        "queued",
                        "running",
                        "completed",
                        "failed",
                        "cancelled",
                        "expired"
                      }))
          @QueryParam("state")
          @Nullable String state,
      @Parameter(
              description = "Jobs in the answer",
              schema =
                  @Schema(
                      type = SchemaType.INTEGER,
                      minimum = "1",
                      maximum = "500",
                      defaultValue = "50"))
          @QueryParam("limit")
          @Nullable String limit,
      @Parameter(
              description = "The 'next' of the previous answer",
              schema =
                  @Schema(
                      type = SchemaType.STRING,
                      pattern =
                          "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3])"
                              + ":[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?Z~"
                              + JobId.RULE
                              + "$"))
          @QueryParam("after")
          @Nullable String after,
      @Parameter(description = "Only jobs of this model: its name, or its name and version")
          @QueryParam("model")
          @Nullable String model,
      @Parameter(description = "Only jobs of this tenant") @QueryParam("tenant")
          @Nullable String tenant,
      @Parameter(description = "Only jobs whose id contains this text") @QueryParam("search")
          @Nullable String search) {
    JobBoard board = running.get().board();
    Optional<String> only = given(state);
    if (only.isPresent() && !State.WORDS.contains(only.get())) {
      throw new InvalidInputException(
          "state",
          "state must be one of "
              + String.join(", ", State.WORDS)
              + ", not "
              + JsonObject.quote(only.get()));
    }
    int count = number("limit", limit, 1, LIST_MAX, 50);
    List<BoardJob> found =
        board.newest(
            job ->
                (only.isEmpty() || job.state().wireName().equals(only.get()))
                    && given(model).map(name -> isOf(job, name)).orElse(true)
                    && given(tenant).map(name -> tenant(job).equals(name)).orElse(true)
                    && given(search)
                        .map(text -> lower(job.id()).contains(lower(text)))
                        .orElse(true),
            given(after).map(JobsResource::cursor),
            count);
    Map<String, Integer> counts = new LinkedHashMap<>();
    board.counts().forEach((of, jobs) -> counts.put(of.wireName(), jobs));
    BoardJob last = found.size() == count ? found.get(count - 1) : null;
    return new JobList(
        found.stream().map(JobsResource::view).toList(),
        last == null ? null : last.since() + "~" + last.id(),
        counts);
  }

  @POST
  @Operation(
      operationId = "submitJob",
      summary = "Submits a request for images or for a model",
      description =
          "The request as it would be on its topic (docs/messages.md), checked by the same code;"
              + " without an id it is given one. The same request again is the same job.")
  @RequestBody(
      required = true,
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON,
              schema = @Schema(ref = "JobRequest"),
              examples = {
                @ExampleObject(
                    name = "generation",
                    summary = "Four images of a bundled model",
                    value =
                        """
                        {"id": "faces-1", "model": "avatars-32", "count": 4, "seed": 7, "steps": 16,
                         "sampler": "heun", "output": {"grid": true}}\
                        """),
                @ExampleObject(
                    name = "training",
                    summary = "A small model of a zip of images",
                    value =
                        """
                        {"id": "train-1", "model": "squares",
                         "network": {"sample_size": 32, "in_channels": 3, "out_channels": 3,
                          "block_out_channels": [32, 64], "layers_per_block": 1,
                          "down_block_types": ["DownBlock2D", "DownBlock2D"],
                          "up_block_types": ["UpBlock2D", "UpBlock2D"], "norm_num_groups": 8},
                         "dataset": {"reference": "datasets/squares.zip", "size": 32},
                         "iterations": 2000, "batchSize": 16, "checkpointEvery": 500}\
                        """)
              }))
  @APIResponse(
      responseCode = "200",
      description = "The job has ended while the caller waited: see its state",
      content = @Content(schema = @Schema(implementation = JobSubmission.Ended.class)))
  @APIResponse(
      responseCode = "202",
      description = "The record has been written to its topic",
      content = @Content(schema = @Schema(implementation = JobSubmission.Submitted.class)))
  @Blocking
  public Uni<Response> submit(
      InputStream body,
      @Parameter(
              description =
                  "'wait=N' (RFC 7240): the answer is 200 with the result if the job ends within N"
                      + " seconds, up to "
                      + WAIT_SECONDS_MAX
                      + ", and otherwise 202",
              example = "wait=20")
          @HeaderParam("Prefer")
          @Nullable String prefer,
      @Context RoutingContext call)
      throws IOException {
    HttpFront front = running.get();
    byte[] request = limits.read(call, body, JobSubmission.BYTES_MAX);
    JobSubmission.Submitted job = JobSubmission.submit(request, front);
    int seconds = waitSeconds(prefer);
    Optional<CompletableFuture<Optional<BoardJob>>> wait =
        seconds > 0 ? front.waits().open(job.id(), Duration.ofSeconds(seconds)) : Optional.empty();
    if (wait.isEmpty()) {
      return Uni.createFrom().item(accepted(job, 0));
    }
    CompletableFuture<Optional<BoardJob>> end = wait.get();
    call.addEndHandler(gone -> end.complete(Optional.empty()));
    // The same request as before: its job may have ended long ago.
    front
        .board()
        .job(job.id())
        .filter(known -> known.state().terminal())
        .or(() -> StoredJobs.find(job.id(), front.store()))
        .filter(known -> known.state().terminal())
        .ifPresent(known -> end.complete(Optional.of(known)));
    return Uni.createFrom()
        .completionStage(end)
        .emitOn(Infrastructure.getDefaultWorkerPool())
        .map(
            ended ->
                ended
                    .map(known -> ended(job, known, seconds, front))
                    .orElseGet(() -> accepted(job, seconds)));
  }

  private static Response accepted(JobSubmission.Submitted job, int waited) {
    return submitted(Response.accepted(job), job, waited);
  }

  private static Response ended(
      JobSubmission.Submitted job, BoardJob end, int waited, HttpFront front) {
    JobFiles.Results results = JobFiles.results(job.id(), 0, RESULTS_DEFAULT, front);
    return submitted(
        Response.ok(new JobSubmission.Ended(job.id(), job.kind(), job.links(), view(end), results)),
        job,
        waited);
  }

  private static Response submitted(
      Response.ResponseBuilder answer, JobSubmission.Submitted job, int waited) {
    answer.header(HttpHeaders.LOCATION, job.links().get("self"));
    return (waited > 0 ? answer.header("Preference-Applied", "wait=" + waited) : answer).build();
  }

  /** The preference 'wait' of RFC 7240; 0 without one. Preferences that are invalid are ignored. */
  private static int waitSeconds(@Nullable String prefer) {
    Matcher wait = WAIT.matcher(prefer == null ? "" : prefer);
    return wait.find() ? Math.min(Integer.parseInt(wait.group(1)), WAIT_SECONDS_MAX) : 0;
  }

  @GET
  @Path(ID)
  @Operation(
      operationId = "getJob",
      summary =
          "Shows a job: state, progress, cause of a failure, links, events; of a training its"
              + " curve")
  @APIResponse(
      responseCode = "200",
      description = "The job",
      content = @Content(schema = @Schema(implementation = JobView.class)))
  public Map<String, Object> job(@PathParam("id") String id) {
    HttpFront front = running.get();
    BoardJob job =
        StoredJobs.find(id, front)
            .orElseThrow(() -> RefusedException.of(404, "id", "there is no job " + id));
    Map<String, Object> view = view(job);
    if (!job.state().terminal() && !job.kind().equals("training") && job.images() == 0) {
      view.put("imagesAhead", front.board().imagesAhead(id));
    }
    if (!job.lossHistory().isEmpty()) {
      view.put("curve", job.lossPoints());
    }
    view.put("events", job.events().stream().map(BoardJob.Event::toMap).toList());
    return view;
  }

  @POST
  @Path(ID + "/cancel")
  @Operation(operationId = "cancelJob", summary = "Cancels a job, through the control topic")
  @APIResponse(
      responseCode = "202",
      description = "Workers will be notified",
      content = @Content(schema = @Schema(implementation = Cancelled.class)))
  public Response cancel(@PathParam("id") String id) {
    HttpFront front = running.get();
    // Without the store, a cancellation is published: it changes no job that has ended.
    StoredJobs.findIfReachable(id, front)
        .filter(job -> job.state().terminal())
        .ifPresent(
            job -> {
              throw RefusedException.of(
                  409, "id", "job " + id + " has ended: it is " + job.state().wireName());
            });
    front.client().cancel(id); // also a job that is not known yet
    front.board().cancelRequested(id);
    return Response.accepted(new Cancelled(id)).build();
  }

  @GET
  @Path(ID + "/results")
  @Operation(
      operationId = "getResults",
      summary = "Lists the files of a job, with presigned links that last 15 minutes")
  public JobFiles.Results results(
      @PathParam("id") String id,
      @Parameter(
              description = "Images skipped",
              schema =
                  @Schema(
                      type = SchemaType.INTEGER,
                      minimum = "0",
                      maximum = "2147483647",
                      defaultValue = "0"))
          @QueryParam("offset")
          @Nullable String offset,
      @Parameter(
              description = "Images in the answer",
              schema =
                  @Schema(
                      type = SchemaType.INTEGER,
                      minimum = "1",
                      maximum = "500",
                      defaultValue = "100"))
          @QueryParam("limit")
          @Nullable String limit) {
    return JobFiles.results(
        id,
        number("offset", offset, 0, Integer.MAX_VALUE, 0),
        number("limit", limit, 1, LIST_MAX, RESULTS_DEFAULT),
        running.get());
  }

  @GET
  @Path(ID + "/preview")
  @Operation(
      operationId = "getPreview",
      summary = "Shows images of a job that this worker is sampling",
      description = "No rows if another worker has the job. At most 128 pixels a side.")
  public Preview preview(@PathParam("id") String id) {
    return new Preview(
        running.get().previews().apply(id).stream()
            .map((Previews.RowPreview s) -> new PreviewRow(s.index(), s.done(), s.total(), s.png()))
            .toList());
  }

  @GET
  @Path(ID + "/files/{name: .+}")
  @Produces(MediaType.WILDCARD)
  @Operation(operationId = "getFile", summary = "Sends a file of a job, up to 64 MiB")
  @APIResponse(
      responseCode = "200",
      description = "The file",
      content = {
        @Content(
            mediaType = "image/png",
            schema = @Schema(type = SchemaType.STRING, format = "binary")),
        @Content(mediaType = "application/json", schema = @Schema(type = SchemaType.OBJECT)),
        @Content(mediaType = "text/csv", schema = @Schema(type = SchemaType.STRING)),
        @Content(
            mediaType = "application/octet-stream",
            schema = @Schema(type = SchemaType.STRING, format = "binary"))
      })
  @APIResponse(responseCode = "304", description = "The caller has it: If-None-Match is its ETag")
  public Response file(
      @PathParam("id") String id,
      @Parameter(description = "The key without the job's prefix; may contain slashes")
          @PathParam("name")
          String ignored,
      @Context Request request,
      @Context RoutingContext call)
      throws IOException {
    ObjectStore store = running.get().store();
    String name = JobFiles.decoded(call, "/api/jobs/" + id + "/files/");
    String key = Keys.job(id) + name;
    boolean internal = name.startsWith("checkpoints/") || name.equals("job.json");
    if (internal || !Keys.isValidKey(key)) {
      throw new NotFoundException();
    }
    ObjectStat stat = store.stat(key).orElseThrow(NotFoundException::new);
    if (stat.size() > FILE_BYTES_MAX) {
      throw RefusedException.of(
          413,
          "file",
          name
              + " has "
              + stat.size()
              + " bytes, more than the "
              + FILE_BYTES_MAX
              + " that pass through here: use its link in /api/jobs/"
              + id
              + "/results");
    }
    EntityTag tag = new EntityTag(stat.etag().replace("\"", ""));
    Response.ResponseBuilder unchanged = request.evaluatePreconditions(tag);
    if (unchanged != null) {
      return unchanged.tag(tag).header(HttpHeaders.CACHE_CONTROL, IMMUTABLE).build();
    }
    limits.send(call, stat.size());
    String ending = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    return Response.ok(content(call, store, key, stat.size()))
        .header(HttpHeaders.CONTENT_TYPE, TYPES.getOrDefault(ending, "application/octet-stream"))
        .header(HttpHeaders.CONTENT_LENGTH, stat.size())
        // Objects under a job's prefix never change once they are written.
        .header(HttpHeaders.CACHE_CONTROL, IMMUTABLE)
        .tag(tag)
        .header(
            HttpHeaders.CONTENT_DISPOSITION, TYPES.containsKey(ending) ? "inline" : "attachment")
        .build();
  }

  /** A small file's bytes, so that slow readers hold no thread; a large one's stream. */
  private static Object content(RoutingContext call, ObjectStore store, String key, long size)
      throws IOException {
    if (call.request().method().name().equals("HEAD")) {
      return new byte[0];
    }
    InputStream in = store.open(key).orElseThrow(NotFoundException::new);
    if (size > ConnectionLimits.WHOLE_BYTES_MAX) {
      return in; // closed by the platform
    }
    try (in) {
      return in.readNBytes(ConnectionLimits.WHOLE_BYTES_MAX);
    }
  }

  private static boolean isOf(BoardJob job, String model) {
    String name = String.valueOf(job.data().getOrDefault("model", job.request().get("model")));
    return name.equals(model) || name.startsWith(model + "@");
  }

  private static String tenant(BoardJob job) {
    return String.valueOf(job.request().getOrDefault("tenant", "default"));
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  private static Map<String, Object> view(BoardJob job) {
    Map<String, Object> map = job.toMap();
    map.put("links", JobFiles.links(job));
    return map;
  }

  private static JobBoard.Cursor cursor(String text) {
    Matcher mark = AFTER.matcher(text);
    try {
      if (mark.matches()) {
        return new JobBoard.Cursor(Instant.parse(mark.group(1)), mark.group(2));
      }
    } catch (DateTimeException e) {
      // refused below
    }
    throw new InvalidInputException("after", "after must be the 'next' of an earlier answer");
  }

  private static Optional<String> given(@Nullable String value) {
    return Optional.ofNullable(value).filter(text -> !text.isEmpty());
  }

  private static int number(String name, @Nullable String text, int min, int max, int otherwise) {
    if (given(text).isEmpty()) {
      return otherwise;
    }
    try {
      int value = Integer.parseInt(text);
      if (value >= min && value <= max) {
        return value;
      }
    } catch (NumberFormatException e) {
      // refused below
    }
    throw new InvalidInputException(
        name,
        String.format(
            Locale.ROOT,
            "%s must be an integer from %d to %d, not %s",
            name,
            min,
            max,
            JsonObject.quote(String.valueOf(text))));
  }
}

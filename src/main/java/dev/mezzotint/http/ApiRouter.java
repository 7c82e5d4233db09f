package dev.mezzotint.http;

import dev.mezzotint.board.BoardJob;
import dev.mezzotint.board.BoardJob.State;
import dev.mezzotint.board.JobBoard;
import dev.mezzotint.job.JobId;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.sampling.Previews;
import dev.mezzotint.storage.ObjectStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The REST front and the live page: which call is answered with what. {@code openapi.json} beside
 * the page describes it, held to {@link #ROUTES} by a test.
 *
 * <p>Safe for use by many threads. Calls may wait for broker and store.
 */
public final class ApiRouter implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ApiRouter.class.getName());
  private static final int PAGE_JOBS = 50;
  private static final int PAGE_MAX = 500;

  /** Bytes that a call may bring. */
  public static final int BODY_BYTES_MAX = SubmissionEndpoint.BYTES_MAX;

  /** All that there is, with the words of the OpenAPI document. */
  static final List<String> ROUTES =
      List.of(
          "GET /api",
          "GET /api/openapi.json",
          "GET /api/jobs",
          "POST /api/jobs",
          "GET /api/jobs/{id}",
          "POST /api/jobs/{id}/cancel",
          "GET /api/jobs/{id}/results",
          "GET /api/jobs/{id}/preview",
          "GET /api/jobs/{id}/files/{name}",
          "GET /api/models",
          "GET /api/figures",
          "GET /api/events");

  private static final Pattern JOB =
      Pattern.compile("/api/jobs/(" + JobId.RULE + ")(/cancel|/results|/preview|/files/.+)?");
  private static final Pattern MARK = Pattern.compile("([^~]{1,40})~(" + JobId.RULE + ")");

  private final AccessFilter gate;
  private final JobBoard board;
  private final EventStreams streams;
  private final RequestPublisher outbox;
  private final SubmissionEndpoint submissions;
  private final JobFiles files;
  private final ModelEndpoints models;
  private final Supplier<Map<String, Object>> figures;
  private final Function<String, List<Previews.RowPreview>> previews;
  private final StaticAssets page = new StaticAssets();
  private final byte[] openApi;

  /**
   * @param figures of this worker's step loop; empty without one
   * @param previews rows of a job that this worker has under way, by its id
   */
  public ApiRouter(
      HttpSettings settings,
      JobBoard board,
      EventStreams streams,
      ObjectStore store,
      RequestPublisher outbox,
      ModelCatalog shelf,
      Supplier<Map<String, Object>> figures,
      Function<String, List<Previews.RowPreview>> previews) {
    this.gate = new AccessFilter(settings);
    this.board = board;
    this.streams = streams;
    this.outbox = outbox;
    this.submissions = new SubmissionEndpoint(board, store, outbox);
    this.files = new JobFiles(store, shelf);
    this.models = new ModelEndpoints(shelf);
    this.figures = figures;
    this.previews = previews;
    this.openApi = OpenApi.read();
  }

  /** The headers that every answer has, an event stream's too. */
  public static Map<String, String> headers() {
    return AccessFilter.HEADERS;
  }

  /**
   * Why a call under {@code /api} will not be let in, whatever it brings; empty if it will be.
   *
   * @param call its body is not looked at
   */
  public Optional<HttpResponse> refuse(HttpRequest call) {
    return gate.refuse(call);
  }

  /** Answers everything but {@code GET /api/events}; never throws. */
  public HttpResponse answer(HttpRequest call) {
    try {
      if (!call.path().equals("/api") && !call.path().startsWith("/api/")) {
        Optional<HttpResponse> refused = gate.refuseHost(call);
        return refused.orElseGet(() -> page.file(call).orElseGet(JobFiles::absent));
      }
      Optional<HttpResponse> refused = gate.refuse(call);
      return refused.isPresent() ? refused.get() : api(call);
    } catch (InvalidInputException e) {
      return HttpResponse.refusal(400, e.field(), String.valueOf(e.getMessage()));
    } catch (TransientException e) {
      return HttpResponse.refusal(503, "", "try again later: " + e.getMessage())
          .with("Retry-After", "3");
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, call.method() + " " + call.path() + " failed", e);
      return HttpResponse.refusal(500, "", "this call failed; the worker's log says why");
    }
  }

  private HttpResponse api(HttpRequest call) {
    boolean get = call.method().equals("GET");
    boolean post = call.method().equals("POST");
    if (!get && !post) {
      return HttpResponse.refusal(405, "", "only GET and POST are answered")
          .with("Allow", "GET, POST");
    }
    switch (call.method() + " " + call.path()) {
      case "GET /api":
        return HttpResponse.json(200, Map.of("routes", ROUTES, "states", State.WORDS));
      case "GET /api/openapi.json":
        return HttpResponse.of(200, HttpResponse.JSON, new HttpResponse.Bytes(openApi));
      case "GET /api/jobs":
        return list(call);
      case "POST /api/jobs":
        return submissions.take(call.body());
      case "GET /api/models":
        return HttpResponse.json(200, models.list());
      case "GET /api/figures":
        return HttpResponse.json(200, figures.get());
      default:
        Matcher job = JOB.matcher(call.path());
        return job.matches() ? job(call, job.group(1), job.group(2), post) : JobFiles.absent();
    }
  }

  private HttpResponse job(HttpRequest call, String id, @Nullable String rest, boolean post) {
    boolean cancel = "/cancel".equals(rest);
    if (post != cancel) {
      String allowed = cancel ? "POST" : "GET";
      return HttpResponse.refusal(405, "", "only " + allowed + " is answered here")
          .with("Allow", allowed);
    }
    if (rest == null) {
      return board
          .job(id)
          .map(found -> HttpResponse.json(200, whole(found)))
          .orElseGet(() -> unknown(id));
    }
    if (cancel) {
      return cancel(id);
    }
    if (rest.equals("/results")) {
      int offset = number(call, "offset", 0, Integer.MAX_VALUE, 0);
      int limit = number(call, "limit", 1, PAGE_MAX, 100);
      String state = board.job(id).map(job -> job.state().wireName()).orElse("unknown");
      return HttpResponse.json(200, files.results(id, state, offset, limit));
    }
    if (rest.equals("/preview")) {
      return preview(id);
    }
    return files.file(id, rest.substring("/files/".length()));
  }

  /** Empty where another worker has the job, or none. */
  private HttpResponse preview(String id) {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (Previews.RowPreview seen : previews.apply(id)) {
      rows.add(
          Map.of(
              "index", seen.index(),
              "done", seen.done(),
              "total", seen.total(),
              "data", Base64.getEncoder().encodeToString(seen.png())));
    }
    return HttpResponse.json(200, Map.of("rows", rows));
  }

  private static HttpResponse unknown(String id) {
    return HttpResponse.refusal(
        404, "id", "job " + id + " is not among the newest jobs; /results may still know it");
  }

  private HttpResponse cancel(String id) {
    Optional<BoardJob> job = board.job(id);
    if (job.isPresent() && job.get().state().terminal()) {
      return HttpResponse.refusal(
          409, "id", "job " + id + " has ended: it is " + job.get().state().wireName());
    }
    outbox.cancel(id); // also one that nobody has heard of yet
    board.cancelRequested(id);
    return HttpResponse.json(202, Map.of("id", id));
  }

  private static Map<String, Object> shown(BoardJob job) {
    Map<String, Object> map = job.toMap();
    map.put("links", JobFiles.links(job));
    return map;
  }

  private static Map<String, Object> whole(BoardJob job) {
    Map<String, Object> map = shown(job);
    if (!job.lossHistory().isEmpty()) {
      map.put("curve", job.lossPoints());
    }
    return map;
  }

  private HttpResponse list(HttpRequest call) {
    Optional<String> word = call.query("state");
    if (word.isPresent() && !State.WORDS.contains(word.get())) {
      throw new InvalidInputException(
          "state",
          "state must be one of "
              + String.join(", ", State.WORDS)
              + ", not "
              + JsonObject.quote(word.get()));
    }
    Optional<State> state = word.map(w -> State.valueOf(w.toUpperCase(Locale.ROOT)));
    Predicate<BoardJob> wanted = job -> state.isEmpty() || job.state() == state.get();
    int limit = number(call, "limit", 1, PAGE_MAX, PAGE_JOBS);
    List<BoardJob> found = board.newest(wanted, call.query("after").map(ApiRouter::mark), limit);
    List<Map<String, Object>> jobs = new ArrayList<>();
    found.forEach(job -> jobs.add(shown(job)));
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("jobs", jobs);
    if (found.size() == limit) {
      BoardJob last = found.get(limit - 1);
      answer.put("next", last.since() + "~" + last.id());
    }
    Map<String, Object> counts = new LinkedHashMap<>();
    board.counts().forEach((of, count) -> counts.put(of.wireName(), count));
    answer.put("counts", counts);
    return HttpResponse.json(200, answer);
  }

  private static JobBoard.Cursor mark(String text) {
    Matcher mark = MARK.matcher(text);
    try {
      if (mark.matches()) {
        return new JobBoard.Cursor(Instant.parse(mark.group(1)), mark.group(2));
      }
    } catch (java.time.DateTimeException e) {
      // refused below
    }
    throw new InvalidInputException("after", "after must be the 'next' of an earlier answer");
  }

  private static int number(HttpRequest call, String name, int min, int max, int otherwise) {
    Optional<String> text = call.query(name);
    if (text.isEmpty()) {
      return otherwise;
    }
    try {
      int value = Integer.parseInt(text.get());
      if (value >= min && value <= max) {
        return value;
      }
    } catch (NumberFormatException e) {
      // refused below
    }
    throw new InvalidInputException(
        name,
        name
            + " must be an integer from "
            + min
            + " to "
            + max
            + ", not "
            + JsonObject.quote(text.get()));
  }

  /**
   * {@code GET /api/events}.
   *
   * @param sink hears from now on; only if nothing is returned
   * @return why not; empty if the stream is open, until {@link #leave}
   */
  public Optional<HttpResponse> listen(HttpRequest call, EventStreams.Sink sink) {
    Optional<HttpResponse> refused = gate.refuse(call);
    if (refused.isPresent()) {
      return refused;
    }
    Optional<String> last = call.header("last-event-id").or(() -> call.query("lastEventId"));
    if (streams.open(last, call.query("job"), sink)) {
      return Optional.empty();
    }
    return Optional.of(
        HttpResponse.refusal(503, "", EventStreams.CLIENTS_MAX + " others listen already")
            .with("Retry-After", "5"));
  }

  /** Who listened has gone. */
  public void leave(EventStreams.Sink sink) {
    streams.close(sink);
  }

  /** Ends all event streams. */
  @Override
  public void close() {
    streams.close();
  }
}

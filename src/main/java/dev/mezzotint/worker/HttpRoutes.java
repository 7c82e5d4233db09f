package dev.mezzotint.worker;

import dev.mezzotint.http.Answer;
import dev.mezzotint.http.Call;
import dev.mezzotint.http.EventStreams;
import dev.mezzotint.http.Front;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Carries calls to the front and its answers back. Calls may wait, so they run on own threads. */
final class HttpRoutes {
  private static final System.Logger LOG = System.getLogger(HttpRoutes.class.getName());
  private static final int THREADS = 12;

  /** Calls that wait or run; above it callers are told to come again. */
  private static final int CALLS_MAX = 200;

  private static final int CHUNK_BYTES = 64 << 10;
  private static final long CHUNK_SECONDS = 30;

  /** Text that an event stream's reader may leave untaken. */
  private static final int STREAM_BYTES_MAX = 1 << 20;

  private final Supplier<Optional<Front>> front;
  private final WorkerExecutor threads;
  private final AtomicInteger calls = new AtomicInteger();

  private HttpRoutes(Vertx vertx, Supplier<Optional<Front>> front) {
    this.front = front;
    this.threads = vertx.createSharedWorkerExecutor("mezzotint-http", THREADS);
  }

  /**
   * Adds the routes.
   *
   * @param front asked at every call: empty while the worker starts
   */
  static void mount(Vertx vertx, Router router, Supplier<Optional<Front>> front) {
    HttpRoutes routes = new HttpRoutes(vertx, front);
    router.get("/api/events").handler(routes::listen);
    router
        .post("/api/*")
        .handler(
            BodyHandler.create(/* handleFileUploads= */ false).setBodyLimit(Front.BODY_BYTES_MAX))
        .failureHandler(HttpRoutes::refuseBody);
    router.route("/api").handler(routes::call);
    router.route("/api/*").handler(routes::call);
    router.get("/page/*").handler(routes::call);
    router.get("/").handler(routes::call);
  }

  private static void refuseBody(RoutingContext context) {
    boolean large = context.statusCode() == 413;
    write(
        context,
        large
            ? Answer.refusal(413, "", "a request may have " + Front.BODY_BYTES_MAX + " bytes")
            : Answer.refusal(400, "", "the body could not be read"));
  }

  private static Call read(RoutingContext context) {
    Map<String, String> query = new LinkedHashMap<>();
    context.queryParams().forEach(entry -> query.putIfAbsent(entry.getKey(), entry.getValue()));
    Map<String, String> headers = new LinkedHashMap<>();
    for (Map.Entry<String, String> header : context.request().headers()) {
      headers.putIfAbsent(header.getKey().toLowerCase(Locale.ROOT), header.getValue());
    }
    if (context.request().authority() != null) {
      headers.put("host", context.request().authority().toString()); // HTTP/2 has no such header
    }
    Buffer body = context.body() == null ? null : context.body().buffer();
    return new Call(
        context.request().method().name(),
        context.normalizedPath(),
        query,
        headers,
        body == null ? new byte[0] : body.getBytes());
  }

  private void call(RoutingContext context) {
    Optional<Front> now = front.get();
    if (now.isEmpty()) {
      write(context, away());
      return;
    }
    if (calls.incrementAndGet() > CALLS_MAX) {
      calls.decrementAndGet();
      write(context, Answer.refusal(503, "", "too many calls at once"));
      return;
    }
    Call call = read(context);
    threads
        .executeBlocking(
            () -> {
              write(context, now.get().answer(call));
              return true;
            },
            /* ordered= */ false)
        .onComplete(
            done -> {
              calls.decrementAndGet();
              if (done.failed() && !context.response().ended()) {
                LOG.log(System.Logger.Level.DEBUG, "a caller has gone", done.cause());
                context.request().connection().close();
              }
            });
  }

  private static Answer away() {
    return Answer.refusal(
        503,
        "",
        "not here: the worker is starting, has no role control, or the page is turned off"
            + " (MEZZOTINT_PAGE)");
  }

  private static void begin(HttpServerResponse response, Answer answer) {
    response.setStatusCode(answer.status());
    Front.headers().forEach(response::putHeader);
    answer.headers().forEach(response::putHeader);
  }

  private static void write(RoutingContext context, Answer answer) {
    HttpServerResponse response = context.response();
    begin(response, answer);
    if (answer.body() instanceof Answer.Bytes all) {
      var unused = response.end(Buffer.buffer(all.bytes()));
    } else if (answer.body() instanceof Answer.Stream stream) {
      copy(stream, response, context.request().method() == HttpMethod.HEAD);
    }
  }

  /** Each piece once the one before has been taken. */
  private static void copy(Answer.Stream stream, HttpServerResponse response, boolean head) {
    response.putHeader("Content-Length", Long.toString(stream.length()));
    try (InputStream in = stream.in()) {
      byte[] piece = in.readNBytes(CHUNK_BYTES);
      while (piece.length > 0 && !head) {
        response
            .write(Buffer.buffer(piece))
            .toCompletionStage()
            .toCompletableFuture()
            .get(CHUNK_SECONDS, TimeUnit.SECONDS);
        piece = in.readNBytes(CHUNK_BYTES);
      }
      var unused = response.end();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      response.reset();
    } catch (IOException | ExecutionException | TimeoutException e) {
      response.reset(); // a file cut short must not look whole
    }
  }

  private void listen(RoutingContext context) {
    Optional<Front> now = front.get();
    if (now.isEmpty()) {
      write(context, away());
      return;
    }
    HttpServerResponse response = context.response();
    response.setWriteQueueMaxSize(STREAM_BYTES_MAX);
    Stream sink = new Stream(response, context);
    Optional<Answer> refused = now.get().listen(read(context), sink);
    if (refused.isPresent()) {
      write(context, refused.get());
      return;
    }
    response.closeHandler(gone -> now.get().leave(sink));
  }

  /** One reader of events. */
  private static final class Stream implements EventStreams.Sink {
    private final HttpServerResponse response;
    private final RoutingContext context;
    private boolean begun;

    Stream(HttpServerResponse response, RoutingContext context) {
      this.response = response;
      this.context = context;
    }

    @Override
    public synchronized boolean send(String text) {
      if (response.closed() || response.ended() || response.writeQueueFull()) {
        return false;
      }
      if (!begun) {
        begun = true;
        response.setChunked(true);
        Front.headers().forEach(response::putHeader);
        response.putHeader("Content-Type", "text/event-stream");
        response.putHeader("Cache-Control", "no-store");
        response.putHeader("X-Accel-Buffering", "no");
      }
      var unused = response.write(text);
      return true;
    }

    @Override
    public synchronized void end() {
      if (response.ended() || response.closed() || response.writeQueueFull()) {
        context.request().connection().close();
      } else {
        var unused = response.end();
      }
    }
  }
}

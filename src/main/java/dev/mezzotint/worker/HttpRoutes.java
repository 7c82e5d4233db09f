package dev.mezzotint.worker;

import dev.mezzotint.http.Answer;
import dev.mezzotint.http.Call;
import dev.mezzotint.http.EventStreams;
import dev.mezzotint.http.Front;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.handler.HttpException;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
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

  /** Files up to here are read before they are sent, larger ones piece by piece. */
  private static final int WHOLE_BYTES_MAX = 4 << 20;

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
    router.route().failureHandler(HttpRoutes::refuseAddress);
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

  /** What the router throws at an address that it cannot decode; all else is as without this. */
  private static void refuseAddress(RoutingContext context) {
    if (context.failure() instanceof HttpException fault && fault.getStatusCode() == 400) {
      write(context, Answer.refusal(400, "", "the address could not be decoded"));
    } else {
      context.next();
    }
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
    Call call = read(context); // first: it throws where the query cannot be decoded
    if (calls.incrementAndGet() > CALLS_MAX) {
      calls.decrementAndGet();
      write(context, Answer.refusal(503, "", "too many calls at once"));
      return;
    }
    Context loop = context.vertx().getOrCreateContext();
    threads
        .executeBlocking(() -> carried(now.get().answer(call), context, loop), /* ordered= */ false)
        .onComplete(
            done -> {
              calls.decrementAndGet();
              if (done.succeeded()) {
                done.result().ifPresent(answer -> write(context, answer));
              } else {
                LOG.log(System.Logger.Level.DEBUG, "a caller has gone", done.cause());
                context.request().connection().close();
              }
            });
  }

  /**
   * Reads a file that is small, and sends one that is not. On a thread that may wait; the response
   * itself is only ever touched on its event loop.
   *
   * @return what is still to be sent
   */
  private static Optional<Answer> carried(Answer answer, RoutingContext context, Context loop)
      throws IOException, InterruptedException {
    if (!(answer.body() instanceof Answer.Stream stream)) {
      return Optional.of(answer);
    }
    try (InputStream in = stream.in()) {
      if (stream.length() <= WHOLE_BYTES_MAX) {
        Answer.Bytes all = new Answer.Bytes(in.readNBytes(WHOLE_BYTES_MAX));
        return Optional.of(new Answer(answer.status(), answer.headers(), all));
      }
      HttpServerResponse response = context.response();
      onLoop(
          loop,
          () -> {
            begin(response, answer);
            response.putHeader("Content-Length", Long.toString(stream.length()));
            return Future.succeededFuture();
          });
      for (byte[] piece = in.readNBytes(CHUNK_BYTES);
          piece.length > 0;
          piece = in.readNBytes(CHUNK_BYTES)) {
        Buffer next = Buffer.buffer(piece);
        onLoop(loop, () -> response.write(next));
      }
      onLoop(loop, response::end);
      return Optional.empty();
    }
  }

  /** Does something on the event loop and waits until it is done there. */
  private static void onLoop(Context loop, Supplier<Future<Void>> work)
      throws IOException, InterruptedException {
    CompletableFuture<Void> done = new CompletableFuture<>();
    loop.runOnContext(
        now -> {
          try {
            work.get().onSuccess(done::complete).onFailure(done::completeExceptionally);
          } catch (RuntimeException e) {
            done.completeExceptionally(e);
          }
        });
    try {
      done.get(CHUNK_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException("the caller does not take it", e);
    }
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
    } else {
      throw new IllegalStateException("files are carried before they are written");
    }
  }

  private void listen(RoutingContext context) {
    Optional<Front> now = front.get();
    if (now.isEmpty()) {
      write(context, away());
      return;
    }
    Stream sink = new Stream(context);
    context.response().closeHandler(gone -> now.get().leave(sink));
    Optional<Answer> refused = now.get().listen(read(context), sink);
    refused.ifPresent(answer -> write(context, answer));
  }

  /** One reader of events. Takes no lock: whoever tells of changes holds some. */
  private static final class Stream implements EventStreams.Sink {
    private final RoutingContext context;
    private final Context loop;
    private final AtomicInteger untaken = new AtomicInteger();
    private boolean begun; // on the event loop only

    Stream(RoutingContext context) {
      this.context = context;
      this.loop = context.vertx().getOrCreateContext();
    }

    @Override
    public boolean send(String text) {
      Buffer bytes = Buffer.buffer(text);
      if (untaken.addAndGet(bytes.length()) > STREAM_BYTES_MAX) {
        return false;
      }
      loop.runOnContext(
          now -> {
            HttpServerResponse response = context.response();
            if (response.closed() || response.ended()) {
              return; // its close handler tells
            }
            if (!begun) {
              begun = true;
              response.setChunked(true);
              Front.headers().forEach(response::putHeader);
              response.putHeader("Content-Type", "text/event-stream");
              response.putHeader("Cache-Control", "no-store");
              response.putHeader("X-Accel-Buffering", "no");
            }
            response.write(bytes).onComplete(done -> untaken.addAndGet(-bytes.length()));
          });
      return true;
    }

    @Override
    public void end() {
      loop.runOnContext(
          now -> {
            HttpServerResponse response = context.response();
            if (untaken.get() > 0 || response.ended() || response.closed()) {
              context.request().connection().close();
            } else {
              var unused = response.end();
            }
          });
    }
  }
}

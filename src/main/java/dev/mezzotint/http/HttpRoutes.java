package dev.mezzotint.http;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** Carries calls to the front and its answers back. Calls may wait, so they run on own threads. */
public final class HttpRoutes {
  private static final System.Logger LOG = System.getLogger(HttpRoutes.class.getName());
  private static final int THREADS = 12;

  /** Calls that wait, run or have not taken their answer; the next is told to come again. */
  private static final int CALLS_MAX = 200;

  /** Bytes of answers that callers have not taken, as long as files are added to them. */
  private static final long UNTAKEN_BYTES_MAX = 128L << 20;

  private static final long TAKE_MILLIS = TimeUnit.SECONDS.toMillis(60);

  /** Files up to here are read before they are sent, larger ones piece by piece. */
  private static final int WHOLE_BYTES_MAX = 4 << 20;

  /** Text that an event stream's reader may leave untaken. */
  private static final int STREAM_BYTES_MAX = 1 << 20;

  private final Supplier<Optional<ApiRouter>> front;
  private final WorkerExecutor threads;
  private final HttpFiles files;
  private final AtomicInteger calls = new AtomicInteger();
  private final AtomicLong untaken = new AtomicLong();

  private HttpRoutes(Vertx vertx, Supplier<Optional<ApiRouter>> front) {
    this.front = front;
    this.threads = vertx.createSharedWorkerExecutor("mezzotint-http", THREADS);
    this.files = new HttpFiles(vertx);
  }

  /**
   * Adds the routes.
   *
   * @param front asked at every call: empty while the worker starts
   */
  public static void mount(Vertx vertx, Router router, Supplier<Optional<ApiRouter>> front) {
    HttpRoutes routes = new HttpRoutes(vertx, front);
    router.route().failureHandler(HttpRoutes::refuseAddress);
    router.get("/api/events").handler(routes::listen);
    new HttpBodies(routes::answers).mount(router, "/api/*");
    router.route("/api").handler(routes::call);
    router.route("/api/*").handler(routes::call);
    router.get("/page/*").handler(routes::call);
    router.get("/").handler(routes::call);
  }

  /** What the router throws at an address that it cannot decode; all else is as without this. */
  private static void refuseAddress(RoutingContext context) {
    if (context.failure() instanceof HttpException fault && fault.getStatusCode() == 400) {
      write(context, HttpResponse.refusal(400, "", "the address could not be decoded"));
    } else {
      context.next();
    }
  }

  private static HttpRequest read(RoutingContext context) {
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
    return new HttpRequest(
        context.request().method().name(),
        context.normalizedPath(),
        query,
        headers,
        body == null ? new byte[0] : body.getBytes());
  }

  /** Whether a call will be answered; if not, says why, so that nobody waits for its body. */
  private boolean answers(RoutingContext context) {
    Optional<HttpResponse> refused =
        front.get().map(now -> now.refuse(read(context))).orElseGet(() -> Optional.of(away()));
    refused.ifPresent(answer -> write(context, answer));
    return refused.isEmpty();
  }

  private void call(RoutingContext context) {
    Optional<ApiRouter> now = front.get();
    if (now.isEmpty()) {
      write(context, away());
      return;
    }
    HttpRequest call = read(context); // first: it throws where the query cannot be decoded
    if (calls.incrementAndGet() > CALLS_MAX) {
      calls.decrementAndGet();
      write(context, busy("too many calls at once"));
      return;
    }
    Context loop = context.vertx().getOrCreateContext();
    threads
        .executeBlocking(() -> read(now.get().answer(call)), /* ordered= */ false)
        .onComplete(
            done -> {
              if (done.failed()) {
                calls.decrementAndGet();
                LOG.log(System.Logger.Level.DEBUG, "a file could not be read", done.cause());
                context.request().connection().close();
              } else if (done.result().body() instanceof HttpResponse.Stream file) {
                calls.decrementAndGet(); // it is counted with the files
                files
                    .send(done.result(), file, context.response(), loop)
                    .onFailure(
                        gone -> {
                          LOG.log(System.Logger.Level.DEBUG, "a caller has gone", gone);
                          context.request().connection().close();
                        });
              } else {
                hand(context, done.result());
              }
            });
  }

  /** Counts the call until its answer is taken, which must not take for ever. */
  private void hand(RoutingContext context, HttpResponse answer) {
    Vertx vertx = context.vertx();
    long timer = vertx.setTimer(TAKE_MILLIS, late -> context.request().connection().close());
    long bytes = answer.body() instanceof HttpResponse.Bytes all ? all.bytes().length : 0;
    untaken.addAndGet(bytes);
    written(context, answer)
        .onComplete(
            done -> {
              vertx.cancelTimer(timer);
              untaken.addAndGet(-bytes);
              calls.decrementAndGet();
            });
  }

  /** Reads a file that is small; of a large one that is returned, {@link #files} has a place. */
  private HttpResponse read(HttpResponse answer) throws IOException {
    if (!(answer.body() instanceof HttpResponse.Stream stream)) {
      return answer;
    }
    if (stream.length() > WHOLE_BYTES_MAX && files.enter()) {
      return answer;
    }
    try (InputStream in = stream.in()) {
      if (stream.length() > WHOLE_BYTES_MAX
          || untaken.get() + stream.length() > UNTAKEN_BYTES_MAX) {
        return busy("too many read files at once");
      }
      HttpResponse.Bytes all = new HttpResponse.Bytes(in.readNBytes(WHOLE_BYTES_MAX));
      return new HttpResponse(answer.status(), answer.headers(), all);
    }
  }

  private static HttpResponse away() {
    return busy(
        "not here: the worker is starting, has no role control, or the page is turned off"
            + " (MEZZOTINT_PAGE)");
  }

  static HttpResponse busy(String why) {
    return HttpResponse.refusal(503, "", why).with("Retry-After", "5");
  }

  static void begin(HttpServerResponse response, HttpResponse answer) {
    response.setStatusCode(answer.status());
    ApiRouter.headers().forEach(response::putHeader);
    answer.headers().forEach(response::putHeader);
  }

  static void write(RoutingContext context, HttpResponse answer) {
    var unused = written(context, answer);
  }

  /** Completes when the caller has taken it, and fails when the caller has gone. */
  private static Future<Void> written(RoutingContext context, HttpResponse answer) {
    HttpServerResponse response = context.response();
    if (!(answer.body() instanceof HttpResponse.Bytes all)) {
      throw new IllegalStateException("files are carried before they are written");
    }
    try {
      begin(response, answer);
      return response.end(Buffer.buffer(all.bytes()));
    } catch (IllegalStateException e) {
      return Future.failedFuture(e); // the caller has gone
    }
  }

  private void listen(RoutingContext context) {
    Optional<ApiRouter> now = front.get();
    if (now.isEmpty()) {
      write(context, away());
      return;
    }
    Stream sink = new Stream(context);
    context.response().closeHandler(gone -> now.get().leave(sink));
    Optional<HttpResponse> refused = now.get().listen(read(context), sink);
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
              ApiRouter.headers().forEach(response::putHeader);
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

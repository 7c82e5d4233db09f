package dev.mezzotint.http;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/**
 * Protects the front against slow and hostile callers, for which the platform has no settings:
 * bounds the calls, bodies and files in progress, and closes connections whose callers do not send
 * a body or take an answer in time.
 *
 * <p>Safe for use by many threads.
 */
@Singleton
public final class ConnectionLimits {
  /** Calls that are running or whose answers have not been taken. */
  public static final int CALLS_MAX = 200;

  /** Bodies being read: each holds memory and a thread until it is complete. */
  public static final int BODIES_MAX = 64;

  /** Files above {@link #WHOLE_BYTES_MAX} being sent. */
  public static final int FILES_MAX = 8;

  /** Files up to this size are read before they are sent, larger ones while they are sent. */
  static final int WHOLE_BYTES_MAX = 4 << 20;

  private static final long WHOLE_FILES_BYTES_MAX = 128L << 20;
  private static final long BODY_MILLIS = 30_000;
  private static final long ANSWER_MILLIS = 60_000;
  private static final long FILE_CHECK_MILLIS = 30_000;
  private static final long FILE_BYTES_PER_SECOND_MIN = 64 << 10;
  private static final Pattern FRONT = Pattern.compile("/|/page/.*|/api|/api/.*");
  private static final String EVENTS = "/api/events";
  private static final String JSON = "application/json";

  private final Vertx vertx;
  private final AtomicInteger calls = new AtomicInteger();
  private final AtomicInteger bodies = new AtomicInteger();
  private final AtomicInteger files = new AtomicInteger();
  private final AtomicLong wholeFilesBytes = new AtomicLong();

  ConnectionLimits(Vertx vertx) {
    this.vertx = vertx;
  }

  void register(@Observes Filters filters) {
    filters.register(this::admit, /* priority= */ 100);
  }

  private void admit(RoutingContext call) {
    String path = call.normalizedPath();
    if (FRONT.matcher(path).matches()) {
      // Discards what is left of the body: closing the connection would lose the answer.
      call.addEndHandler(done -> call.request().resume());
      call.addHeadersEndHandler(begun -> withoutCharset(call.response()));
      if (!path.equals(EVENTS)) { // whose clients are counted by EventStreams
        if (calls.incrementAndGet() > CALLS_MAX) {
          calls.decrementAndGet();
          call.response()
              .setStatusCode(503)
              .putHeader(HttpHeaders.RETRY_AFTER, "5")
              .putHeader(HttpHeaders.CONTENT_TYPE, JSON)
              .end("{\"field\":\"\",\"message\":\"too many calls at once\"}");
          return;
        }
        call.addEndHandler(done -> calls.decrementAndGet());
        call.addHeadersEndHandler(begun -> watch(call));
      }
    }
    call.next();
  }

  /** The platform adds a charset to JSON, which has none. */
  private static void withoutCharset(HttpServerResponse response) {
    String type = response.headers().get(HttpHeaders.CONTENT_TYPE);
    if (type != null && type.startsWith(JSON + ";")) {
      response.putHeader(HttpHeaders.CONTENT_TYPE, JSON);
    }
  }

  /** Closes the connection if the answer, whose headers are complete, is not taken in time. */
  private void watch(RoutingContext call) {
    HttpServerResponse response = call.response();
    String length = response.headers().get(HttpHeaders.CONTENT_LENGTH);
    long timer;
    if (length != null && Long.parseLong(length) > WHOLE_BYTES_MAX) {
      AtomicLong taken = new AtomicLong();
      long due = FILE_BYTES_PER_SECOND_MIN * FILE_CHECK_MILLIS / 1000;
      timer =
          vertx.setPeriodic(
              FILE_CHECK_MILLIS,
              check -> {
                long now = response.bytesWritten();
                if (now - taken.getAndSet(now) < due) {
                  close(call);
                }
              });
    } else {
      timer = vertx.setTimer(ANSWER_MILLIS, late -> close(call));
    }
    call.addEndHandler(done -> vertx.cancelTimer(timer));
  }

  /** Closes a call's connection at once, whatever is still to be sent. */
  static void close(RoutingContext call) {
    call.request().connection().close();
  }

  /**
   * Reads a call's body.
   *
   * @throws RefusedException with status 413 if it is too large, or 503 if too many are being read
   */
  byte[] read(RoutingContext call, InputStream body, int bytesMax) throws IOException {
    if (bodies.incrementAndGet() > BODIES_MAX) {
      bodies.decrementAndGet();
      throw RefusedException.busy("too many calls at once");
    }
    long timer = vertx.setTimer(BODY_MILLIS, late -> close(call));
    try {
      byte[] bytes = body.readNBytes(bytesMax + 1);
      if (bytes.length > bytesMax) {
        throw RefusedException.of(413, "", "a request may have " + bytesMax + " bytes");
      }
      return bytes;
    } finally {
      vertx.cancelTimer(timer);
      bodies.decrementAndGet();
    }
  }

  /**
   * Reserves what sending a file takes, until the call has ended.
   *
   * @throws RefusedException with status 503 if too many files are being sent
   */
  void send(RoutingContext call, long bytes) {
    boolean whole = bytes <= WHOLE_BYTES_MAX;
    boolean room =
        whole
            ? wholeFilesBytes.addAndGet(bytes) <= WHOLE_FILES_BYTES_MAX
            : files.incrementAndGet() <= FILES_MAX;
    Runnable release =
        () -> {
          if (whole) {
            wholeFilesBytes.addAndGet(-bytes);
          } else {
            files.decrementAndGet();
          }
        };
    if (!room) {
      release.run();
      throw RefusedException.busy("too many read files at once");
    }
    call.addEndHandler(done -> release.run());
  }
}

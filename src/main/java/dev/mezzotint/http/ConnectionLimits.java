package dev.mezzotint.http;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.Json;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
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

  /** Uploads being received: each holds a thread, and disk until it is stored. */
  public static final int UPLOADS_MAX = 4;

  /** Files above {@link #WHOLE_BYTES_MAX} being sent. */
  public static final int FILES_MAX = 8;

  /** Files up to this size are read before they are sent, larger ones while they are sent. */
  static final int WHOLE_BYTES_MAX = 4 << 20;

  private static final long WHOLE_FILES_BYTES_MAX = 128L << 20;
  private static final long BODY_MILLIS = 30_000;
  private static final long DISCARD_MILLIS = 5_000;
  private static final long ANSWER_MILLIS = 60_000;
  private static final long FILE_CHECK_MILLIS = 30_000;
  private static final long FILE_BYTES_PER_SECOND_MIN = 64 << 10;
  private static final Pattern FRONT = Pattern.compile("/|/page/.*|/api|/api/.*");
  private static final int BUFFER_BYTES = 64 << 10;
  private static final String EVENTS = "/api/events";
  private static final String JSON = "application/json";

  private final Vertx vertx;
  private final AtomicInteger calls = new AtomicInteger();
  private final AtomicInteger bodies = new AtomicInteger();
  private final AtomicInteger uploads = new AtomicInteger();
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
      call.addEndHandler(done -> discard(call));
      call.addHeadersEndHandler(begun -> withoutCharset(call.response()));
      if (!path.equals(EVENTS)) { // whose clients are counted by EventStreams
        if (calls.incrementAndGet() > CALLS_MAX) {
          calls.decrementAndGet();
          call.response()
              .setStatusCode(503)
              .putHeader(HttpHeaders.RETRY_AFTER, "5")
              .putHeader(HttpHeaders.CONTENT_TYPE, RefusedException.PROBLEM)
              .end(Json.encode(RefusedException.Refusal.of(503, "", "too many calls at once")));
          return;
        }
        call.addEndHandler(done -> calls.decrementAndGet());
        call.addHeadersEndHandler(begun -> watch(call));
      }
    }
    call.next();
  }

  /** Reads what is left of a body for a while: the caller should get the answer. */
  private void discard(RoutingContext call) {
    if (!call.request().isEnded()) {
      call.request().resume();
      vertx.setTimer(
          DISCARD_MILLIS,
          late -> {
            if (!call.request().isEnded()) {
              close(call);
            }
          });
    }
  }

  /** The platform adds a charset to JSON, which has none. */
  private static void withoutCharset(HttpServerResponse response) {
    String type = response.headers().get(HttpHeaders.CONTENT_TYPE);
    for (String json : List.of(JSON, RefusedException.PROBLEM)) {
      if (type != null && type.startsWith(json + ";")) {
        response.putHeader(HttpHeaders.CONTENT_TYPE, json);
      }
    }
  }

  /** Closes the connection if the answer, whose headers are complete, is not taken in time. */
  private void watch(RoutingContext call) {
    HttpServerResponse response = call.response();
    String length = response.headers().get(HttpHeaders.CONTENT_LENGTH);
    long timer;
    if (length != null && Long.parseLong(length) > WHOLE_BYTES_MAX) {
      timer = closeIfSlow(call, response::bytesWritten);
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

  /** A body that has been written to a file. */
  record Received(long bytes, String sha256) {}

  /**
   * Writes a call's body to a file.
   *
   * @throws RefusedException with status 413 if it is too large, or 503 if too many are being
   *     received
   */
  Received receive(RoutingContext call, InputStream body, Path file, long bytesMax)
      throws IOException {
    String length = call.request().getHeader(HttpHeaders.CONTENT_LENGTH);
    if (length != null && Long.parseLong(length) > bytesMax) {
      throw tooLarge(bytesMax);
    }
    if (uploads.incrementAndGet() > UPLOADS_MAX) {
      uploads.decrementAndGet();
      throw RefusedException.busy("too many uploads at once");
    }
    AtomicLong received = new AtomicLong();
    long timer = closeIfSlow(call, received::get);
    try (OutputStream out = Files.newOutputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
        if (received.addAndGet(n) > bytesMax) {
          throw tooLarge(bytesMax);
        }
        digest.update(buffer, 0, n);
        out.write(buffer, 0, n);
      }
      return new Received(received.get(), HexFormat.of().formatHex(digest.digest()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    } finally {
      vertx.cancelTimer(timer);
      uploads.decrementAndGet();
    }
  }

  private static RefusedException tooLarge(long bytesMax) {
    return RefusedException.of(413, "", "an upload may have " + bytesMax + " bytes");
  }

  /** Closes the connection if fewer bytes pass than a usable network allows. */
  private long closeIfSlow(RoutingContext call, LongSupplier bytes) {
    AtomicLong before = new AtomicLong();
    long due = FILE_BYTES_PER_SECOND_MIN * FILE_CHECK_MILLIS / 1000;
    return vertx.setPeriodic(
        FILE_CHECK_MILLIS,
        check -> {
          long now = bytes.getAsLong();
          if (now - before.getAndSet(now) < due) {
            close(call);
          }
        });
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

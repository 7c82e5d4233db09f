package dev.mezzotint.http;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Sends large files piece by piece, at the pace of those who read them. On threads of its own,
 * which slow readers may hold without anybody else noticing. Safe for use by many threads.
 */
public final class HttpFiles {
  /** Files on their way at once; the next one is told to come again. */
  public static final int SENT_MAX = 8;

  private static final int CHUNK_BYTES = 64 << 10;

  /** So long for a piece, and for a file so much more as this pace allows. */
  private static final long PATIENCE_SECONDS = 30;

  private static final long BYTES_PER_SECOND_MIN = 64 << 10;

  private final WorkerExecutor threads;
  private final AtomicInteger sent = new AtomicInteger();

  HttpFiles(Vertx vertx) {
    threads = vertx.createSharedWorkerExecutor("mezzotint-files", SENT_MAX);
  }

  /** Takes a place, which {@link #send} gives back; false if there is none. */
  boolean enter() {
    if (sent.incrementAndGet() > SENT_MAX) {
      sent.decrementAndGet();
      return false;
    }
    return true;
  }

  /**
   * Sends and closes it; the response itself is only ever touched on its event loop.
   *
   * @return fails if the reader is too slow or has gone
   */
  Future<Void> send(
      HttpResponse answer, HttpResponse.Stream stream, HttpServerResponse response, Context loop) {
    return threads
        .<Void>executeBlocking(
            () -> {
              carry(answer, stream, response, loop);
              return null;
            },
            /* ordered= */ false)
        .onComplete(done -> sent.decrementAndGet());
  }

  private static void carry(
      HttpResponse answer, HttpResponse.Stream stream, HttpServerResponse response, Context loop)
      throws IOException, InterruptedException {
    long end =
        System.nanoTime()
            + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS + stream.length() / BYTES_PER_SECOND_MIN);
    try (InputStream in = stream.in()) {
      onLoop(
          loop,
          end,
          () -> {
            HttpRoutes.begin(response, answer);
            response.putHeader("Content-Length", Long.toString(stream.length()));
            return Future.succeededFuture();
          });
      for (byte[] piece = in.readNBytes(CHUNK_BYTES);
          piece.length > 0;
          piece = in.readNBytes(CHUNK_BYTES)) {
        Buffer next = Buffer.buffer(piece);
        onLoop(loop, end, () -> response.write(next));
      }
      onLoop(loop, end, response::end);
    }
  }

  /** Does something on the event loop and waits until it is done there. */
  private static void onLoop(Context loop, long end, Supplier<Future<Void>> work)
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
    long patience = TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    try {
      done.get(Math.min(patience, end - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException("the caller does not take it", e);
    }
  }
}

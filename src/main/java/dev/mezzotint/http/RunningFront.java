package dev.mezzotint.http;

import jakarta.inject.Singleton;
import jakarta.ws.rs.NotFoundException;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Holds the front of the worker that runs in this application. The worker starts after the
 * application: until then, every call is answered 503.
 *
 * <p>Safe for use by many threads.
 */
@Singleton
public final class RunningFront {
  private volatile @Nullable HttpFront front;
  private volatile boolean off;
  private volatile Instant closedSince = Instant.now();

  /** Answers calls from now on. */
  public void open(HttpFront running) {
    front = running;
  }

  /** Answers 404 from now on: the worker has no role {@code control}, or its page is off. */
  public void turnOff() {
    off = true;
    front = null;
  }

  /** Answers 503 from now on: the worker has stopped. */
  public void stop() {
    front = null;
    closedSince = Instant.now();
  }

  /** Since when there has been no worker that could answer; empty if there is one, or never. */
  Optional<Instant> startingSince() {
    return front == null && !off ? Optional.of(closedSince) : Optional.empty();
  }

  /** Whether {@link #turnOff} was called last. */
  boolean isOff() {
    return off;
  }

  /**
   * Returns the front.
   *
   * @throws NotFoundException if it is off
   * @throws RefusedException with status 503 if the worker is starting
   */
  HttpFront get() {
    HttpFront running = front;
    if (running != null) {
      return running;
    }
    if (off) {
      throw new NotFoundException();
    }
    throw RefusedException.busy("the worker is starting");
  }
}

package dev.mezzotint.http;

import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * Reads what calls bring, but not of strangers, not of too many at once and not for ever: a body
 * stands in memory until it is whole. Safe for use by many threads.
 */
public final class HttpBodies {
  /** Bodies that are being read: so much memory times {@link ApiRouter#BODY_BYTES_MAX} at most. */
  public static final int READ_MAX = 64;

  private static final long READ_MILLIS = TimeUnit.SECONDS.toMillis(30);
  private static final String READING = HttpBodies.class.getName();

  private final AtomicInteger read = new AtomicInteger();
  private final Predicate<RoutingContext> gate;

  /**
   * @param gate whether a call would be answered; if not, it has been told why
   */
  HttpBodies(Predicate<RoutingContext> gate) {
    this.gate = gate;
  }

  /** Sees to it that such calls have been read when they come to later handlers. */
  void mount(Router router, String path) {
    router.post(path).handler(this::admit);
    router
        .post(path)
        .handler(
            BodyHandler.create(/* handleFileUploads= */ false)
                .setBodyLimit(ApiRouter.BODY_BYTES_MAX))
        .failureHandler(HttpBodies::refuse);
    router
        .post(path)
        .handler(
            context -> {
              Objects.requireNonNull(context.<Reading>get(READING)).end();
              context.next();
            });
  }

  private void admit(RoutingContext context) {
    Reading reading = new Reading(context);
    context.addEndHandler(done -> reading.end());
    if (read.get() > READ_MAX) {
      HttpRoutes.write(context, HttpRoutes.busy("too many calls at once"));
    } else if (gate.test(context)) {
      context.put(READING, reading);
      context.next();
      return;
    }
    // What it still sends is thrown away: a connection closed now would take the answer with it.
    context.request().resume();
  }

  private static void refuse(RoutingContext context) {
    boolean large = context.statusCode() == 413;
    HttpRoutes.write(
        context,
        large
            ? HttpResponse.refusal(
                413, "", "a request may have " + ApiRouter.BODY_BYTES_MAX + " bytes")
            : HttpResponse.refusal(400, "", "the body could not be read"));
  }

  /** A body on its way. On its event loop only. */
  private final class Reading {
    private final RoutingContext context;
    private final long timer;
    private boolean over;

    Reading(RoutingContext context) {
      this.context = context;
      read.incrementAndGet();
      timer = context.vertx().setTimer(READ_MILLIS, late -> context.request().connection().close());
    }

    void end() {
      if (!over) {
        over = true;
        read.decrementAndGet();
        context.vertx().cancelTimer(timer);
      }
    }
  }
}

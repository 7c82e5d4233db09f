package dev.mezzotint.observability;

import dev.mezzotint.sampling.StepLoopMetrics;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Spans of the passes that jobs share: one for each second, with a link to the steps span of each
 * job that had rows in them. Computed from the loop's metrics, so that no pass waits for a trace.
 * Thread-safe.
 */
final class PassSpans {
  private static final int LINKS_MAX = 128; // OpenTelemetry's own default

  private final Tracer tracer;
  // All below guarded by this.
  private final List<Sharing> under = new ArrayList<>();
  private final List<Sharing> left = new ArrayList<>();
  private long passes;
  private long rowSteps;
  private long spareRows;
  private Instant since = Instant.now();

  PassSpans(Tracer tracer) {
    this.tracer = tracer;
  }

  /** One job's evaluations in the passes. */
  static final class Sharing {
    private final String job;
    private final SpanContext steps;
    private final LongSupplier evaluations;
    private long seen;

    private Sharing(String job, SpanContext steps, LongSupplier evaluations) {
      this.job = job;
      this.steps = steps;
      this.evaluations = evaluations;
    }

    private long fresh() {
      long now = evaluations.getAsLong();
      long fresh = now - seen;
      seen = now;
      return fresh;
    }
  }

  synchronized Sharing join(String job, SpanContext steps, LongSupplier evaluations) {
    Sharing sharing = new Sharing(job, steps, evaluations);
    under.add(sharing);
    return sharing;
  }

  synchronized void leave(Sharing sharing) {
    under.remove(sharing);
    if (left.size() < LINKS_MAX) {
      left.add(sharing);
    }
  }

  /** Writes a span of the passes since the previous call, if there were any. */
  synchronized void look(StepLoopMetrics metrics) {
    Instant now = Instant.now();
    SpanBuilder span =
        tracer.spanBuilder("passes").setParent(Context.root()).setStartTimestamp(since);
    left.addAll(under);
    int links = 0;
    for (Sharing sharing : left) {
      long evaluations = sharing.fresh();
      if (evaluations > 0 && links < LINKS_MAX) {
        links++;
        span.addLink(
            sharing.steps,
            Attributes.builder()
                .put("mezzotint.job", sharing.job)
                .put("mezzotint.evaluations", evaluations)
                .build());
      }
    }
    left.clear();
    if (links > 0) {
      span.setAttribute("mezzotint.jobs", links)
          .setAttribute("mezzotint.passes", metrics.passes() - passes)
          .setAttribute("mezzotint.row_steps", metrics.rowSteps() - rowSteps)
          .setAttribute("mezzotint.spare_rows", metrics.paddingRows() - spareRows)
          .startSpan()
          .end(now);
    }
    passes = metrics.passes();
    rowSteps = metrics.rowSteps();
    spareRows = metrics.paddingRows();
    since = now;
  }

  /** Calls {@link #look} periodically until closed. */
  AutoCloseable every(long millis, Supplier<StepLoopMetrics> metrics) {
    Thread thread =
        new Thread(
            () -> {
              try {
                while (true) {
                  Thread.sleep(millis);
                  look(metrics.get());
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "pass-spans");
    thread.setDaemon(true);
    thread.start();
    return () -> {
      thread.interrupt();
      thread.join();
      look(metrics.get());
    };
  }
}

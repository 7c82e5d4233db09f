package dev.mezzotint.worker;

import dev.mezzotint.control.WebhookDispatcher;
import dev.mezzotint.job.WorkerRole;
import dev.mezzotint.kafka.QueueMetrics;
import dev.mezzotint.kafka.RequestQueue;
import dev.mezzotint.observability.SamplingMetrics;
import dev.mezzotint.observability.TrainingJobMetrics;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.ToDoubleFunction;

/** Meters of a worker, read at each scrape. */
final class WorkerMetrics {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final double KIBIBYTE = 1024;

  private WorkerMetrics() {}

  static void register(Worker worker, MeterRegistry meters) {
    worker.autoscaling().ifPresent(of -> of.register(meters));
    worker.webhooks().ifPresent(of -> webhooks(of, meters));
    worker
        .loop()
        .ifPresent(
            of -> {
              FunctionCounter.builder("mezzotint.passes", of, loop -> loop.passes())
                  .description("Forward passes of the step loop")
                  .register(meters);
              SamplingMetrics.register(of, meters);
            });
    worker.training().ifPresent(of -> TrainingJobMetrics.register(of, meters));
    worker.trainingQueue().ifPresent(of -> queue(of, WorkerRole.TRAINING, "trainings", meters));
    worker.queue().ifPresent(of -> queue(of, WorkerRole.GENERATION, "jobs", meters));
    worker
        .device()
        .ifPresent(
            of ->
                Gauge.builder("mezzotint.device.memory.used.bytes", of, d -> d.memoryUsedBytes())
                    .description("Used memory of the device, by all processes")
                    .register(meters));
    Gauge.builder("mezzotint.memory.resident.bytes", WorkerMetrics::resident)
        .description("Memory of this process: heap, libtorch and everything else")
        .register(meters);
  }

  private static void webhooks(WebhookDispatcher webhooks, MeterRegistry meters) {
    String name = "mezzotint.webhooks";
    String description = "Webhooks that have been delivered, or given up";
    FunctionCounter.builder(name, webhooks, WebhookDispatcher::delivered)
        .description(description)
        .tag("outcome", "delivered")
        .register(meters);
    FunctionCounter.builder(name, webhooks, WebhookDispatcher::givenUp)
        .description(description)
        .tag("outcome", "given_up")
        .register(meters);
    Gauge.builder("mezzotint.webhooks.waiting", webhooks, WebhookDispatcher::waiting)
        .description("Webhooks that wait for their receiver")
        .register(meters);
  }

  private static void queue(
      RequestQueue queue, WorkerRole role, String held, MeterRegistry meters) {
    Gauge.builder("mezzotint." + held + ".in.hand", queue, of -> of.inProgress().size())
        .description(
            (role == WorkerRole.TRAINING ? "Training requests" : "Requests")
                + " that this worker holds")
        .register(meters);
    lanes("lanes", "Lanes of this worker", queue, role, of -> of.lanes().size(), meters);
    lanes(
        "lanes.members",
        "Lanes that are members of their group, or wait because their topics are paused",
        queue,
        role,
        RequestQueue::members,
        meters);
    QueueMetrics tally = queue.metrics();
    renewals(tally, role, "ok", QueueMetrics::renewals, meters);
    renewals(tally, role, "failed", QueueMetrics::failedRenewals, meters);
    counter("fenced", "Records lost while being processed", tally, role, QueueMetrics::fenced)
        .register(meters);
    counter("copied", "Records that continue as a copy", tally, role, QueueMetrics::copied)
        .register(meters);
  }

  private static void lanes(
      String name,
      String description,
      RequestQueue queue,
      WorkerRole role,
      ToDoubleFunction<RequestQueue> count,
      MeterRegistry meters) {
    Gauge.builder("mezzotint." + name, queue, count)
        .description(description)
        .tag("role", role.wireName())
        .register(meters);
  }

  private static void renewals(
      QueueMetrics tally,
      WorkerRole role,
      String outcome,
      ToDoubleFunction<QueueMetrics> count,
      MeterRegistry meters) {
    counter("renewals", "Locks renewed, or leases of a consumer group", tally, role, count)
        .tag("outcome", outcome)
        .register(meters);
  }

  private static FunctionCounter.Builder<QueueMetrics> counter(
      String name,
      String description,
      QueueMetrics tally,
      WorkerRole role,
      ToDoubleFunction<QueueMetrics> count) {
    return FunctionCounter.builder("mezzotint." + name, tally, count)
        .description(description)
        .tag("role", role.wireName());
  }

  /** NaN if the system does not report it. */
  private static double resident() {
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith("VmRSS:")) {
          return KIBIBYTE * Long.parseLong(line.replaceAll("[^0-9]", ""));
        }
      }
    } catch (IOException | NumberFormatException e) {
      return Double.NaN;
    }
    return Double.NaN;
  }
}

package dev.mezzotint.worker;

import dev.mezzotint.control.WebhookDispatcher;
import dev.mezzotint.job.WorkerRole;
import dev.mezzotint.kafka.QueueMetrics;
import dev.mezzotint.kafka.RequestQueue;
import dev.mezzotint.network.CpuInfo;
import dev.mezzotint.network.Device;
import dev.mezzotint.observability.Meters;
import dev.mezzotint.observability.SamplingMetrics;
import dev.mezzotint.training.TrainingMetrics;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

/** Meters of a worker, read at each scrape. */
final class WorkerMetrics {
  private WorkerMetrics() {}

  static void register(Worker worker, MeterRegistry meters) {
    worker.autoscaling().ifPresent(of -> of.register(meters));
    worker.webhooks().ifPresent(of -> webhooks(new Meters<>(meters, "mezzotint.webhooks", of)));
    worker.loop().ifPresent(of -> SamplingMetrics.register(of, meters));
    worker.training().ifPresent(of -> training(new Meters<>(meters, "mezzotint.training.", of)));
    worker.trainingQueue().ifPresent(of -> queue(of, WorkerRole.TRAINING, "trainings", meters));
    worker.queue().ifPresent(of -> queue(of, WorkerRole.GENERATION, "jobs", meters));
    worker
        .device()
        .ifPresent(
            of ->
                new Meters<>(meters, "mezzotint.", of)
                    .gauge(
                        "device.memory.used.bytes",
                        "Used memory of the device, by all processes",
                        Device::memoryUsedBytes));
    Gauge.builder("mezzotint.memory.resident.bytes", () -> CpuInfo.processBytes("VmRSS"))
        .description("Memory of this process: heap, libtorch and everything else")
        .register(meters);
  }

  private static void webhooks(Meters<WebhookDispatcher> of) {
    String ends = "Webhooks that have been delivered, or given up";
    of.counter("", ends, WebhookDispatcher::delivered, "outcome", "delivered");
    of.counter("", ends, WebhookDispatcher::givenUp, "outcome", "given_up");
    of.gauge(".waiting", "Webhooks that wait for their receiver", WebhookDispatcher::waiting);
  }

  private static void training(Meters<TrainingMetrics> of) {
    of.gauge("loss", "Running loss of the current training", TrainingMetrics::loss);
    of.gauge(
        "images.per.second",
        "Images per second of the current training",
        TrainingMetrics::imagesPerSecond);
    of.gauge(
        "input.wait.share",
        "Share of the step time spent waiting for images",
        TrainingMetrics::inputWaitShare);
    of.gauge(
        "checkpoint.seconds",
        "Duration of writing the last checkpoint",
        TrainingMetrics::lastCheckpointSeconds);
    of.counter("steps", "Optimizer steps", TrainingMetrics::steps);
    of.counter("checkpoints", "Checkpoints written", TrainingMetrics::checkpoints);
  }

  private static void queue(
      RequestQueue queue, WorkerRole role, String held, MeterRegistry registry) {
    Meters<RequestQueue> meters = new Meters<>(registry, "mezzotint.", queue);
    String requests = role == WorkerRole.TRAINING ? "Training requests" : "Requests";
    meters.gauge(
        held + ".in.hand", requests + " that this worker holds", q -> q.inProgress().size());
    String name = role.wireName();
    meters.gauge("lanes", "Lanes of this worker", q -> q.lanes().size(), "role", name);
    meters.gauge(
        "lanes.members",
        "Lanes that are members of their group, or wait because their topics are paused",
        RequestQueue::members,
        "role",
        name);
    Meters<QueueMetrics> tally = new Meters<>(registry, "mezzotint.", queue.metrics());
    String locks = "Locks renewed, or leases of a consumer group";
    tally.counter("renewals", locks, QueueMetrics::renewals, "role", name, "outcome", "ok");
    tally.counter(
        "renewals", locks, QueueMetrics::failedRenewals, "role", name, "outcome", "failed");
    tally.counter(
        "fenced", "Records lost while being processed", QueueMetrics::fenced, "role", name);
    tally.counter("copied", "Records that continue as a copy", QueueMetrics::copied, "role", name);
  }
}

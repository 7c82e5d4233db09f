package dev.mezzotint.worker;

import dev.mezzotint.job.Role;
import dev.mezzotint.kafka.QueueTally;
import dev.mezzotint.kafka.RequestQueue;
import dev.mezzotint.observability.LoopMeters;
import dev.mezzotint.observability.TrainingMeters;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.ToDoubleFunction;

/** What a worker tells of itself, asked for at each scrape. */
final class WorkerMeters {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final double KIBIBYTE = 1024;

  private WorkerMeters() {}

  static void register(Worker worker, MeterRegistry meters) {
    worker.autoscaling().ifPresent(of -> of.register(meters));
    worker
        .loop()
        .ifPresent(
            of -> {
              FunctionCounter.builder("mezzotint.passes", of, loop -> loop.turns())
                  .description("Forward passes of the step loop")
                  .register(meters);
              LoopMeters.register(of, meters);
            });
    worker.training().ifPresent(figures -> TrainingMeters.register(figures, meters));
    worker.trainingQueue().ifPresent(of -> queue(of, Role.TRAINING, "trainings", meters));
    worker.queue().ifPresent(of -> queue(of, Role.GENERATION, "jobs", meters));
    worker
        .device()
        .ifPresent(
            of ->
                Gauge.builder("mezzotint.device.memory.used.bytes", of, d -> d.memoryUsedBytes())
                    .description("Memory of the device in use, whoever uses it")
                    .register(meters));
    Gauge.builder("mezzotint.memory.resident.bytes", WorkerMeters::resident)
        .description("Memory of this process: heap, libtorch's own and all else")
        .register(meters);
  }

  private static void queue(RequestQueue queue, Role role, String held, MeterRegistry meters) {
    Gauge.builder("mezzotint." + held + ".in.hand", queue, of -> of.inHand().size())
        .description(
            (role == Role.TRAINING ? "Training requests" : "Requests") + " that this worker holds")
        .register(meters);
    QueueTally tally = queue.tally();
    renewals(tally, role, "ok", QueueTally::renewed, meters);
    renewals(tally, role, "failed", QueueTally::unrenewed, meters);
    counter("fenced", "Records lost while being worked on", tally, role, QueueTally::fenced)
        .register(meters);
    counter("copied", "Records that go on as a copy", tally, role, QueueTally::copied)
        .register(meters);
  }

  private static void renewals(
      QueueTally tally,
      Role role,
      String outcome,
      ToDoubleFunction<QueueTally> count,
      MeterRegistry meters) {
    counter("renewals", "Locks renewed, or leases of a consumer group", tally, role, count)
        .tag("outcome", outcome)
        .register(meters);
  }

  private static FunctionCounter.Builder<QueueTally> counter(
      String name,
      String description,
      QueueTally tally,
      Role role,
      ToDoubleFunction<QueueTally> count) {
    return FunctionCounter.builder("mezzotint." + name, tally, count)
        .description(description)
        .tag("role", role.word());
  }

  /** Not a number where the system does not tell. */
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

package dev.mezzotint.bench;

import dev.mezzotint.client.JobClient;
import dev.mezzotint.client.MezzotintClient;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.local.LocalStackProcess;
import dev.mezzotint.network.Device;
import dev.mezzotint.observability.Instrumentation;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.ModelResolver;
import dev.mezzotint.storage.FolderLock;
import dev.mezzotint.worker.Connections;
import dev.mezzotint.worker.Devices;
import dev.mezzotint.worker.Endpoints;
import dev.mezzotint.worker.ModelFinder;
import dev.mezzotint.worker.WorkerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * The broker, store and connections of one benchmark, in a scratch folder: the user's data is not
 * touched, and nothing is left afterwards.
 */
record BenchStack(WorkerConfig config, Endpoints endpoints, Connections connections) {

  interface Benchmark {
    void run(BenchStack stack) throws InterruptedException;
  }

  /**
   * Starts a stack, runs a benchmark on it and deletes it.
   *
   * @param configuration is read once the scratch folder is set
   */
  static void run(
      Supplier<WorkerConfig> configuration, Instrumentation instrumentation, Benchmark benchmark)
      throws IOException, InterruptedException {
    Path data = Files.createTempDirectory("mezzotint-bench");
    System.setProperty("mezzotint.data", data.toString());
    try {
      WorkerConfig config = configuration.get();
      try (Endpoints endpoints = Endpoints.open(config);
          Connections connections = new Connections(config, endpoints, instrumentation)) {
        connections.prepare();
        benchmark.run(new BenchStack(config, endpoints, connections));
      }
    } finally {
      FolderLock.removeTree(data);
    }
  }

  Device device() {
    return Devices.open(config);
  }

  ModelResolver models(Device device) {
    return new ModelResolver(device, new ModelFinder(config, connections.store())::named);
  }

  JobClient client() {
    return new MezzotintClient(endpoints.kafka());
  }

  /** Submits generation requests {@code bench-0}, {@code bench-1}, … with seeds 0, 1, …. */
  void submit(String model, int count, Supplier<Map<String, Object>> fields) {
    try (JobClient client = client()) {
      for (int i = 0; i < count; i++) {
        String id = "bench-" + i;
        Map<String, Object> request = new TreeMap<>(fields.get());
        request.putAll(Map.of("id", id, "model", model, "seed", i));
        client.submit(JobClient.Kind.GENERATION, id, JsonText.write(request));
      }
    }
  }

  /** Submits requests of mixed sizes, the same ones each time. */
  void submitMixed(ModelInfo model, int count) {
    Random random = new Random(7);
    submit(
        model.name(),
        count,
        () -> {
          ServingModes.Request mixed = ServingModes.mixed(random, 0);
          return Map.of(
              "count", mixed.images(),
              "steps", mixed.steps(),
              "sampler", mixed.solver().wireName());
        });
  }

  /** CPU time of broker and store so far; empty if they run elsewhere. */
  Optional<Duration> serversCpu() {
    return endpoints
        .embedded()
        .filter(LocalStackProcess.class::isInstance)
        .map(LocalStackProcess.class::cast)
        .flatMap(servers -> ProcessHandle.of(servers.pid()))
        .flatMap(process -> process.info().totalCpuDuration());
  }
}

package dev.mezzotint.bench;

import com.sun.net.httpserver.HttpServer;
import dev.mezzotint.delivery.JobListener;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.WorkerRole;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.network.Device;
import dev.mezzotint.observability.Instrumentation;
import dev.mezzotint.observability.SamplingMetrics;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.ModelResolver;
import dev.mezzotint.torch.TorchDevice;
import dev.mezzotint.worker.Connections;
import dev.mezzotint.worker.Endpoints;
import dev.mezzotint.worker.ModelFinder;
import dev.mezzotint.worker.WorkerConfig;
import io.micrometer.prometheus.PrometheusConfig;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code bench observing}: what it costs to be looked at. One worker behind a full queue, by turns
 * as it is without a collector, and with traces sent to a collector in this process and meters
 * scraped every second.
 */
@Command(
    name = "observing",
    description = "Throughput with traces sent and meters scraped each second, against without.",
    footer = {"", "Example:", "  bench observing --model avatars-32 --seconds 4"})
public final class ObservabilityBench implements Callable<Integer> {
  private static final int PAIRS = 12;
  private static final int JOBS = 400;
  private static final long SCRAPE_MILLIS = 1_000;
  private static final int DELIVERIES = 2_000;

  @Option(
      names = "--model",
      defaultValue = "avatars-32",
      paramLabel = "NAME",
      description = "Default ${DEFAULT-VALUE}.")
  private String model = "avatars-32";

  @Option(
      names = "--seconds",
      defaultValue = "4",
      paramLabel = "S",
      description = "Of each of 24 turns; default ${DEFAULT-VALUE}.")
  private double seconds = 4;

  @Mixin private BenchReport output = new BenchReport();

  private final Supplier<WorkerConfig> configuration;
  private final AtomicLong received = new AtomicLong();
  private final AtomicLong scraped = new AtomicLong();
  private final AtomicLong watched = new AtomicLong();
  private final Map<String, Object> figures = new LinkedHashMap<>();
  private volatile boolean on;

  public ObservabilityBench(Supplier<WorkerConfig> configuration) {
    this.configuration = configuration;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    output.check();
    if (seconds <= 0) {
      throw new InvalidInputException("--seconds", "--seconds must be positive");
    }
    Path data = Files.createTempDirectory("mezzotint-bench");
    System.setProperty("mezzotint.data", data.toString());
    HttpServer collector = collector();
    int port = collector.getAddress().getPort();
    String address = "http://127.0.0.1:" + port + "/v1/traces";
    PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    try (OpenTelemetrySdk telemetry =
        OpenTelemetrySdk.builder()
            .setTracerProvider(
                SdkTracerProvider.builder()
                    .addSpanProcessor(
                        BatchSpanProcessor.builder(
                                OtlpHttpSpanExporter.builder().setEndpoint(address).build())
                            .build())
                    .build())
            .build()) {
      run(meters, telemetry);
    } finally {
      collector.stop(0);
      QueueBench.delete(data);
    }
    return output.end(figures);
  }

  private HttpServer collector() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/v1/traces",
        exchange -> {
          received.addAndGet(exchange.getRequestBody().readAllBytes().length);
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.start();
    return server;
  }

  private void run(PrometheusMeterRegistry meters, OpenTelemetrySdk telemetry)
      throws IOException, InterruptedException {
    WorkerConfig settings = configuration.get();
    Instrumentation observed = new Instrumentation(meters, Optional.of(telemetry));
    try (Endpoints endpoints = Endpoints.open(settings);
        Connections connections = new Connections(settings, endpoints, observed)) {
      connections.prepare();
      Device device = TorchDevice.open(settings.device(), settings.threads(), settings.precision());
      ModelResolver library =
          new ModelResolver(device, new ModelFinder(settings, connections.store())::named);
      ModelInfo info = library.find(model);
      GatedModelLoader gate = new GatedModelLoader(library);
      // Meters are always counted; what is switched is whether anybody looks.
      JobListener plain = new Instrumentation(meters, Optional.empty()).jobs(WorkerRole.GENERATION);
      JobListener traced = observed.jobs(WorkerRole.GENERATION);
      try (InstrumentedWorker path =
          new InstrumentedWorker(
              settings,
              connections,
              gate,
              device,
              settings.lanes(),
              new Stopwatch(),
              delivery -> (on ? traced : plain).taken(delivery))) {
        SamplingMetrics.register(path.loop, meters);
        measure(path, gate, endpoints, info, observed, meters);
        account(plain, traced);
      }
    }
  }

  private void measure(
      InstrumentedWorker path,
      GatedModelLoader gate,
      Endpoints endpoints,
      ModelInfo info,
      Instrumentation observed,
      PrometheusMeterRegistry meters)
      throws InterruptedException {
    QueueBench.submitMixed(endpoints, info, JOBS);
    path.queue.start();
    while (path.loop.metrics().running() == 0) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    TimeUnit.SECONDS.sleep(3);
    Thread scraper = new Thread(() -> scrape(meters), "scraper");
    scraper.setDaemon(true);
    scraper.start();
    double[] without = new double[PAIRS];
    double[] with = new double[PAIRS];
    double[] share = new double[PAIRS];
    try (AutoCloseable passes = observed.passes(path.loop)) {
      for (int pair = 0; pair < PAIRS; pair++) {
        // There and back, so that what drifts falls on both.
        boolean first = pair % 2 == 0;
        double a = rate(gate, first);
        double b = rate(gate, !first);
        with[pair] = first ? a : b;
        without[pair] = first ? b : a;
        share[pair] = with[pair] / without[pair];
      }
    } catch (InterruptedException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    } finally {
      scraper.interrupt();
    }
    tell(without, with, share);
  }

  /** Row-steps a second of one turn; its first half second belongs to the turn before. */
  private double rate(GatedModelLoader gate, boolean observed) throws InterruptedException {
    on = observed;
    TimeUnit.MILLISECONDS.sleep(500);
    long rows = gate.rowSteps();
    long start = System.nanoTime();
    TimeUnit.NANOSECONDS.sleep((long) (seconds * 1e9));
    gate.hold(); // whole passes
    try {
      return (gate.rowSteps() - rows) * 1e9 / (System.nanoTime() - start);
    } finally {
      gate.release();
    }
  }

  private void scrape(PrometheusMeterRegistry meters) {
    try {
      while (true) {
        Thread.sleep(SCRAPE_MILLIS);
        if (on) {
          scraped.addAndGet(meters.scrape().length());
        }
        watched.set(ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * What looking costs in processor time, told apart from what the machine does besides: the
   * threads that scrape and send, and the calls of one delivery.
   */
  private void account(JobListener plain, JobListener traced) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long nanos = watched.get();
    for (long id : threads.getAllThreadIds()) {
      ThreadInfo info = threads.getThreadInfo(id);
      if (info != null && info.getThreadName().startsWith("BatchSpanProcessor")) {
        nanos += Math.max(0, threads.getThreadCpuTime(id));
      }
    }
    double observedSeconds = PAIRS * (seconds + 0.5);
    double share = nanos / 1e9 / observedSeconds;
    double delivery = (deliveries(traced) - deliveries(plain)) / 1e3;
    say("scraping and sending take %.3f %% of one processor", 100 * share);
    say("spans of one delivery take %.0f µs of its own thread", delivery);
    figures.put("scrapingAndSendingOfOneProcessor", share);
    figures.put("microsPerDelivery", delivery);
  }

  /** Nanoseconds of processor time of one delivery's calls. */
  private static double deliveries(JobListener listener) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    double last = 0;
    for (int round = 0; round < 3; round++) { // the first ones compile
      long before = threads.getCurrentThreadCpuTime();
      for (int i = 0; i < DELIVERIES; i++) {
        JobListener.DeliveryObserver visit =
            listener.taken(new Delivery("requests", 0, i, 1, new byte[0], List.of()));
        visit.job("bench");
        visit.phase("claim");
        visit.attempt(1, "model");
        visit.phase("work");
        long now = System.nanoTime();
        visit.samplingStarted(() -> 1).end(now, Map.of("evaluations", 1L));
        visit.recordSpan("pictures", now, now, Map.of("pictures", 1L));
        visit.phase("commit");
        visit.settled(DeliveryHandler.Settlement.ACCEPT);
      }
      last = (threads.getCurrentThreadCpuTime() - before) / (double) DELIVERIES;
    }
    return last;
  }

  private void tell(double[] without, double[] with, double[] share) {
    say("without  %s row-steps/s", SampleStatistics.of(without).text("%.4g"));
    say("with     %s row-steps/s", SampleStatistics.of(with).text("%.4g"));
    say("share    %s", SampleStatistics.of(share).text("%.4f"));
    say("%d bytes of spans received, %d characters scraped", received.get(), scraped.get());
    figures.put("without", SampleStatistics.of(without).toMap());
    figures.put("with", SampleStatistics.of(with).toMap());
    figures.put("share", SampleStatistics.of(share).toMap());
  }

  private static void say(String format, Object... arguments) {
    System.out.println(String.format(Locale.ROOT, format, arguments));
  }
}

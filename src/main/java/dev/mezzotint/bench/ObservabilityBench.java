package dev.mezzotint.bench;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import com.sun.net.httpserver.HttpServer;
import dev.mezzotint.delivery.JobListener;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.WorkerRole;
import dev.mezzotint.network.Device;
import dev.mezzotint.observability.Instrumentation;
import dev.mezzotint.observability.SamplingMetrics;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.ModelResolver;
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
import java.util.List;
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
 * {@code bench observing}: the cost of observability. One worker behind a full queue, alternately
 * as it is without a collector, and with traces sent to a collector in this process and metrics
 * scraped every second.
 */
@Command(
    name = "observing",
    description = "Compare throughput with traces and one metrics scrape a second, and without.",
    footer = {"", "Example:", "  bench observing --model avatars-32 --seconds 4"})
public final class ObservabilityBench implements Callable<Integer> {
  private static final int PAIRS = 12;
  private static final int JOBS = 400;
  private static final long SCRAPE_MILLIS = 1_000;
  private static final int DELIVERIES = 2_000;

  @Option(
      names = "--model",
      paramLabel = "REF",
      description = "The model; default ${DEFAULT-VALUE}.")
  private String model = "avatars-32";

  @Option(
      names = "--seconds",
      defaultValue = "4",
      paramLabel = "S",
      description = "Length of each of 24 turns; default ${DEFAULT-VALUE}.")
  private double seconds = 4;

  @Mixin private BenchReport report = new BenchReport();

  private final Supplier<WorkerConfig> configuration;
  private final AtomicLong bytesReceived = new AtomicLong();
  private final AtomicLong charactersScraped = new AtomicLong();
  private final AtomicLong scrapeNanos = new AtomicLong();
  private volatile boolean on;

  public ObservabilityBench(Supplier<WorkerConfig> configuration) {
    this.configuration = configuration;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    report.check();
    refuseIf(seconds <= 0, "--seconds", "must be positive");
    HttpServer collector = collector();
    String address = "http://127.0.0.1:" + collector.getAddress().getPort() + "/v1/traces";
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
      Instrumentation observed = new Instrumentation(meters, Optional.of(telemetry));
      BenchStack.run(configuration, observed, stack -> run(stack, observed, meters));
    } finally {
      collector.stop(0);
    }
    return report.finish();
  }

  private HttpServer collector() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/v1/traces",
        exchange -> {
          bytesReceived.addAndGet(exchange.getRequestBody().readAllBytes().length);
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.start();
    return server;
  }

  private void run(BenchStack stack, Instrumentation observed, PrometheusMeterRegistry meters)
      throws InterruptedException {
    Device device = stack.device();
    ModelResolver models = stack.models(device);
    ModelInfo info = models.find(model);
    GatedModelLoader gate = new GatedModelLoader(models);
    // Meters always count; only traces and scrapes are switched.
    JobListener plain = new Instrumentation(meters, Optional.empty()).jobs(WorkerRole.GENERATION);
    JobListener traced = observed.jobs(WorkerRole.GENERATION);
    try (InstrumentedWorker worker =
        new InstrumentedWorker(
            stack.config(),
            stack.connections(),
            gate,
            device,
            stack.config().lanes(),
            new Stopwatch(),
            started -> (on ? traced : plain).deliveryStarted(started))) {
      SamplingMetrics.register(worker.loop, meters);
      stack.submitMixed(info, JOBS);
      worker.startWarm();
      measure(worker, gate, observed, meters);
      measureCpu(plain, traced);
    }
  }

  private void measure(
      InstrumentedWorker worker,
      GatedModelLoader gate,
      Instrumentation observed,
      PrometheusMeterRegistry meters)
      throws InterruptedException {
    Thread scraper = new Thread(() -> scrape(meters), "scraper");
    scraper.setDaemon(true);
    scraper.start();
    double[] without = new double[PAIRS];
    double[] with = new double[PAIRS];
    double[] share = new double[PAIRS];
    try (AutoCloseable passes = observed.passes(worker.loop)) {
      for (int pair = 0; pair < PAIRS; pair++) {
        // The order alternates, so that a drift affects both sides equally.
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
    report.spread("without", "without  %s row-steps/s", "%.4g", without);
    report.spread("with", "with     %s row-steps/s", "%.4g", with);
    report.spread("share", "share    %s", "%.4f", share);
    report.print(
        "%d bytes of spans received, %d characters scraped",
        bytesReceived.get(), charactersScraped.get());
  }

  /** Row-steps per second of one turn; its first half second still belongs to the last turn. */
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
          charactersScraped.addAndGet(meters.scrape().length());
        }
        scrapeNanos.set(ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Measures the CPU time of observability: scraping and sending, and the calls of a delivery. */
  private void measureCpu(JobListener plain, JobListener traced) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long nanos = scrapeNanos.get();
    for (long id : threads.getAllThreadIds()) {
      ThreadInfo info = threads.getThreadInfo(id);
      if (info != null && info.getThreadName().startsWith("BatchSpanProcessor")) {
        nanos += Math.max(0, threads.getThreadCpuTime(id));
      }
    }
    double observedSeconds = PAIRS * (seconds + 0.5);
    double share = nanos / 1e9 / observedSeconds;
    double delivery = (deliveries(traced) - deliveries(plain)) / 1e3;
    report.print("scraping and sending take %.3f %% of one CPU", 100 * share);
    report.print("spans of one delivery take %.0f µs of its own thread", delivery);
    report.put("scrapingAndSendingOfOneProcessor", share);
    report.put("microsPerDelivery", delivery);
  }

  /** Nanoseconds of CPU time of one delivery's calls. */
  private static double deliveries(JobListener listener) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    double last = 0;
    for (int round = 0; round < 3; round++) { // the first rounds compile
      long before = threads.getCurrentThreadCpuTime();
      for (int i = 0; i < DELIVERIES; i++) {
        JobListener.DeliveryObserver delivery =
            listener.deliveryStarted(new Delivery("requests", 0, i, 1, new byte[0], List.of()));
        delivery.jobIdentified("bench");
        delivery.phaseStarted("claim");
        delivery.attemptStarted(1, "model");
        delivery.phaseStarted("work");
        long now = System.nanoTime();
        delivery.samplingStarted(() -> 1).end(now, Map.of("evaluations", 1L));
        delivery.recordSpan("images", now, now, Map.of("images", 1L));
        delivery.phaseStarted("commit");
        delivery.settled(DeliveryHandler.Settlement.ACCEPT);
      }
      last = (threads.getCurrentThreadCpuTime() - before) / (double) DELIVERIES;
    }
    return last;
  }
}

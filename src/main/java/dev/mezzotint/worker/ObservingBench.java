package dev.mezzotint.worker;

import com.sun.net.httpserver.HttpServer;
import dev.mezzotint.cli.Spread;
import dev.mezzotint.delivery.JobListener;
import dev.mezzotint.generation.ModelInfo;
import dev.mezzotint.generation.ModelLibrary;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.network.Device;
import dev.mezzotint.torch.TorchDevice;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
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
final class ObservingBench implements Callable<Integer> {
  private static final int PAIRS = 12;
  private static final int JOBS = 400;
  private static final long SCRAPE_MILLIS = 1_000;

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

  @Option(names = "--json", paramLabel = "FILE", description = "Write all figures here.")
  private @Nullable Path json;

  private final Supplier<Settings> configuration;
  private final AtomicLong received = new AtomicLong();
  private final AtomicLong scraped = new AtomicLong();
  private volatile boolean on;

  ObservingBench(Supplier<Settings> configuration) {
    this.configuration = configuration;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
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
    return 0;
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
    Settings settings = configuration.get();
    Observers observed = new Observers(meters, Optional.of(telemetry));
    try (Endpoints endpoints = Endpoints.open(settings);
        Connections connections = new Connections(settings, endpoints, observed)) {
      connections.prepare();
      Device device = TorchDevice.open(settings.device(), settings.threads());
      ModelLibrary library =
          new ModelLibrary(device, new ModelFinder(settings, connections.store())::named);
      ModelInfo info = library.find(model);
      GatedShelf gate = new GatedShelf(library);
      // Meters are always counted; what is switched is whether anybody looks.
      JobListener plain = new Observers(meters, Optional.empty()).jobs(Role.GENERATION);
      JobListener traced = observed.jobs(Role.GENERATION);
      try (BenchAssembly path =
          new BenchAssembly(
              settings,
              connections,
              gate,
              device,
              settings.lanes(),
              new Stopwatch(),
              delivery -> (on ? traced : plain).taken(delivery))) {
        LoopMeters.register(path.loop, meters);
        measure(path, gate, endpoints, info, observed, meters);
      }
    }
  }

  private void measure(
      BenchAssembly path,
      GatedShelf gate,
      Endpoints endpoints,
      ModelInfo info,
      Observers observed,
      PrometheusMeterRegistry meters)
      throws InterruptedException, IOException {
    QueueBench.submitMixed(endpoints, info, JOBS);
    path.queue.start();
    while (path.loop.figures().underWay() == 0) {
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
  private double rate(GatedShelf gate, boolean observed) throws InterruptedException {
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
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void tell(double[] without, double[] with, double[] share) throws IOException {
    say("without  %s row-steps/s", Spread.of(without).text("%.4g"));
    say("with     %s row-steps/s", Spread.of(with).text("%.4g"));
    say("share    %s", Spread.of(share).text("%.4f"));
    say("%d bytes of spans received, %d characters scraped", received.get(), scraped.get());
    if (json != null) {
      Map<String, Object> figures = new LinkedHashMap<>();
      figures.put("without", Spread.of(without).toMap());
      figures.put("with", Spread.of(with).toMap());
      figures.put("share", Spread.of(share).toMap());
      Files.write(json, JsonText.writePretty(figures));
    }
  }

  private static void say(String format, Object... arguments) {
    System.out.println(String.format(Locale.ROOT, format, arguments));
  }
}

package dev.mezzotint.worker;

import dev.mezzotint.http.HttpRoutes;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.observability.Instrumentation;
import dev.mezzotint.observability.Traces;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.Startup;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import jakarta.annotation.PostConstruct;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.Config;
import org.jspecify.annotations.Nullable;

/**
 * The worker inside the application: started once the application runs, away from its start so that
 * health answers while broker and store are still on their way; stopped before it goes.
 */
@Singleton
@Startup
final class WorkerLifecycle {
  private static final System.Logger LOG = System.getLogger(WorkerLifecycle.class.getName());
  private static final long RETRY_MILLIS = 3_000;

  /** When the process began, in milliseconds since 1970. */
  private static final long BORN = ManagementFactory.getRuntimeMXBean().getStartTime();

  /** For the last spans, at the end of a shutdown whose time is counted. */
  private static final long TRACES_SECONDS = 2;

  /** Set when the worker gives up; read by the command after the application has ended. */
  private static volatile int exitCode;

  private final Config config;
  private final MeterRegistry meters;
  private final Thread starter = new Thread(this::start, "worker-start");
  private volatile String waitsFor = "";
  private volatile boolean stopping;
  private volatile @Nullable OpenTelemetrySdk telemetry;
  private volatile @Nullable Worker worker;
  private volatile @Nullable Endpoints endpoints;

  WorkerLifecycle(Config config, MeterRegistry meters) {
    this.config = config;
    this.meters = meters;
  }

  static int exitCode() {
    return exitCode;
  }

  @PostConstruct
  void begin() {
    starter.setDaemon(true);
    starter.start();
  }

  /** What it has not found yet, in words; empty once it runs. */
  String waitsFor() {
    return waitsFor;
  }

  private static String seconds(long millis) {
    return String.format(java.util.Locale.ROOT, "%.1f", millis / 1e3);
  }

  Optional<Worker> worker() {
    return Optional.ofNullable(worker);
  }

  /** The page and the REST front answer as soon as the worker runs. */
  void routes(@Observes Router router, Vertx vertx) {
    HttpRoutes.mount(vertx, router, () -> worker().flatMap(Worker::front));
  }

  /** Tries until broker and store are there; only a wrong configuration ends the process. */
  private void start() {
    long begun = System.currentTimeMillis();
    try {
      WorkerConfig settings = WorkerConfig.read(config);
      telemetry = Traces.configured(System::getenv).orElse(null);
      while (!stopping) {
        try {
          if (endpoints == null) {
            endpoints = Endpoints.open(settings);
          }
          Worker started =
              Worker.start(
                  settings,
                  java.util.Objects.requireNonNull(endpoints),
                  new Instrumentation(meters, Optional.ofNullable(telemetry)));
          WorkerMetrics.register(started, meters);
          // Another process, on another device perhaps, will do better.
          started.onDeviceGivenUp(this::giveUpDevice);
          worker = started;
          waitsFor = "";
          LOG.log(
              System.Logger.Level.INFO,
              "Ready {0} s after the process began: application {1} s, then {2}",
              seconds(System.currentTimeMillis() - BORN),
              seconds(begun - BORN),
              started.laps());
          return;
        } catch (dev.mezzotint.job.TransientException e) {
          LOG.log(
              System.Logger.Level.WARNING, "Not started yet, trying again: {0}", e.getMessage());
          waitsFor = String.valueOf(e.getMessage()); // who reads it finds it in the log as well
          Thread.sleep(RETRY_MILLIS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (InvalidInputException e) {
      giveUp(2, e);
    } catch (IOException | RuntimeException e) {
      giveUp(1, e);
    }
  }

  private void giveUpDevice() {
    giveUp(1, new IllegalStateException("its device failed several times in a row"));
  }

  private void giveUp(int code, Exception e) {
    if (stopping) {
      return; // what failed was cut short by the end of the application
    }
    LOG.log(System.Logger.Level.ERROR, "The worker cannot run: {0}", e.getMessage());
    exitCode = code;
    Quarkus.asyncExit(code);
  }

  void stop(@Observes ShutdownEvent event) throws IOException {
    stopping = true;
    starter.interrupt();
    Worker running = worker;
    if (running != null) {
      running.close();
    }
    OpenTelemetrySdk sending = telemetry;
    if (sending != null) {
      sending.getSdkTracerProvider().shutdown().join(TRACES_SECONDS, TimeUnit.SECONDS);
    }
    Endpoints open = endpoints;
    if (open != null) {
      open.close();
    }
  }
}

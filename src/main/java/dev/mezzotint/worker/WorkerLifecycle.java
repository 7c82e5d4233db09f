package dev.mezzotint.worker;

import dev.mezzotint.files.FileErrors;
import dev.mezzotint.files.FileNames;
import dev.mezzotint.http.RunningFront;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.local.FrontAddress;
import dev.mezzotint.observability.Instrumentation;
import dev.mezzotint.observability.Traces;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.Startup;
import jakarta.annotation.PostConstruct;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.Config;
import org.jspecify.annotations.Nullable;

/**
 * Starts the worker on a thread of its own, so that health checks answer while broker and store are
 * not reachable yet, and stops it before the application ends.
 */
@Singleton
@Startup
final class WorkerLifecycle {
  private static final System.Logger LOG = System.getLogger(WorkerLifecycle.class.getName());
  private static final long RETRY_MILLIS_MIN = 3_000;
  private static final long RETRY_MILLIS_MAX = 20_000;

  /** The start of the process, in milliseconds since 1970. */
  private static final long BORN = ManagementFactory.getRuntimeMXBean().getStartTime();

  /** The time that sending the last spans may take at shutdown. */
  private static final long TRACES_SECONDS = 2;

  /** Set when the worker cannot run; read by the command after the application has ended. */
  private static volatile int exitCode;

  private final Config config;
  private final MeterRegistry meters;
  private final RunningFront front;
  private final Thread starter = new Thread(this::start, "worker-start");
  private volatile String waitsFor = "";
  private volatile boolean stopping;
  private volatile @Nullable OpenTelemetrySdk telemetry;
  private volatile @Nullable Path published; // data folder that has this worker's address
  private volatile @Nullable Worker worker;
  private volatile @Nullable Endpoints endpoints;

  WorkerLifecycle(Config config, MeterRegistry meters, RunningFront front) {
    this.config = config;
    this.meters = meters;
    this.front = front;
  }

  static int exitCode() {
    return exitCode;
  }

  @PostConstruct
  void begin() {
    starter.setDaemon(true);
    starter.start();
  }

  /** What the start waits for, in words; meaningless once {@link #worker} is present. */
  String waitsFor() {
    return waitsFor;
  }

  private static String seconds(long millis) {
    return String.format(java.util.Locale.ROOT, "%.1f", millis / 1e3);
  }

  Optional<Worker> worker() {
    return Optional.ofNullable(worker);
  }

  /** Retries until broker and store are reachable; an invalid configuration ends the process. */
  private void start() {
    long begun = System.currentTimeMillis();
    FileNames.localeProblem().ifPresent(problem -> LOG.log(System.Logger.Level.WARNING, problem));
    try {
      WorkerConfig settings = WorkerConfig.read(config);
      telemetry = Traces.configured(System::getenv).orElse(null);
      long pause = RETRY_MILLIS_MIN;
      long opened = 0;
      while (!stopping) {
        try {
          if (endpoints == null) {
            long opening = System.currentTimeMillis();
            endpoints = Endpoints.open(settings);
            opened = System.currentTimeMillis() - opening;
          }
          Worker started =
              Worker.start(
                  settings,
                  java.util.Objects.requireNonNull(endpoints),
                  new Instrumentation(meters, Optional.ofNullable(telemetry)));
          WorkerMetrics.register(started, meters);
          // Another process, perhaps on another device, takes over.
          started.onDeviceGivenUp(this::giveUpDevice);
          worker = started;
          started.front().ifPresentOrElse(front::open, front::turnOff);
          LOG.log(
              System.Logger.Level.INFO,
              "Ready {0} s after the process began: application {1} s,"
                  + " broker and store {2} s, then {3}",
              seconds(System.currentTimeMillis() - BORN),
              seconds(begun - BORN),
              seconds(opened),
              started.laps());
          logAddresses(java.util.Objects.requireNonNull(endpoints), started.front().isPresent());
          return;
        } catch (dev.mezzotint.job.TransientException e) {
          LOG.log(
              System.Logger.Level.WARNING, "Not started yet, trying again: {0}", e.getMessage());
          waitsFor = String.valueOf(e.getMessage());
          Thread.sleep(pause);
          pause = Math.min(2 * pause, RETRY_MILLIS_MAX);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (InvalidInputException e) {
      giveUp(2, e);
    } catch (IOException e) {
      giveUp(1, e);
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "The start of the worker failed unexpectedly", e);
      giveUp(1, e);
    }
  }

  /** The last line of a start says where everything is. */
  private void logAddresses(Endpoints opened, boolean page) {
    List<String> addresses = new ArrayList<>();
    List<String> unusual = new ArrayList<>();
    if (page) {
      // The actual port, also where 0 was configured.
      int port = config.getValue("quarkus.http.port", Integer.class);
      String address = "http://localhost:" + port;
      addresses.add("Open " + address);
      publish(opened, port);
      if (WorkerCommand.isPortTaken()) {
        unusual.add(Endpoints.taken(WorkerCommand.HTTP_PORT_DEFAULT, "the page", address));
      }
    }
    addresses.addAll(opened.embeddedAddresses());
    unusual.addAll(opened.unusualPorts());
    unusual.forEach(text -> LOG.log(System.Logger.Level.WARNING, text));
    if (!addresses.isEmpty()) {
      LOG.log(System.Logger.Level.INFO, String.join(" - ", addresses));
    }
  }

  /** So that commands on this machine can call the worker; they work without it, too. */
  private void publish(Endpoints opened, int port) {
    if (opened.embedded().isEmpty()) {
      return;
    }
    Path data = WorkerConfig.read(config).data();
    try {
      FrontAddress.publish(data, port);
      published = data;
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "worker.json cannot be written", e);
    }
  }

  private void giveUpDevice() {
    giveUp(1, new IllegalStateException("the device failed several times in a row"));
  }

  private void giveUp(int code, Exception e) {
    if (stopping) {
      return; // the shutdown interrupted it
    }
    LOG.log(System.Logger.Level.ERROR, "The worker cannot run: {0}", FileErrors.describe(e));
    exitCode = code;
    Quarkus.asyncExit(code);
  }

  void stop(@Observes ShutdownEvent event) throws IOException {
    stopping = true;
    starter.interrupt();
    front.stop();
    Path data = published;
    if (data != null) {
      FrontAddress.remove(data);
    }
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

package dev.mezzotint.worker;

import dev.mezzotint.job.WorkerRole;
import io.quarkus.runtime.Quarkus;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.ConfigProvider;
import picocli.CommandLine.Command;

/** {@code worker}: consumes requests until stopped. */
@Command(
    name = "worker",
    description = {
      "Consume requests until stopped.",
      "Without KAFKA_BOOTSTRAP_SERVERS and S3_ENDPOINT it starts an embedded broker and store."
    })
public final class WorkerCommand implements Callable<Integer> {
  static final int HTTP_PORT_DEFAULT = 8080;

  private static final Set<String> HTTP_PORT_VARIABLES =
      Set.of("MEZZOTINT_HTTP_PORT", "QUARKUS_HTTP_PORT");

  /** Whether the default port of HTTP was taken; set before the application starts. */
  private static volatile boolean portTaken;

  private final Supplier<WorkerConfig> settings;

  public WorkerCommand(Supplier<WorkerConfig> settings) {
    this.settings = settings;
  }

  @Override
  public Integer call() {
    // Before the application starts: its log would hide the error.
    WorkerConfig read = settings.get();
    Endpoints.check(read);
    if (read.roles().contains(WorkerRole.CONTROL)) {
      var unusedSecret = ControlRole.webhookSecret(read);
      if (read.front().on()) {
        var unused = HttpRole.access(read.front());
      }
    }
    if (read.log() == WorkerConfig.LogFormat.JSON) {
      System.setProperty("quarkus.log.console.json.enabled", "true");
    }
    chooseHttpPort();
    Quarkus.run();
    return WorkerLifecycle.exitCode();
  }

  static boolean isPortTaken() {
    return portTaken;
  }

  /** Chooses a free port if the default one is taken, unless a port is configured. */
  private static void chooseHttpPort() {
    Config config = ConfigProvider.getConfig();
    boolean configured =
        System.getenv().keySet().stream().anyMatch(HTTP_PORT_VARIABLES::contains)
            || System.getProperty("mezzotint.http-port") != null
            || System.getProperty("quarkus.http.port") != null;
    if (configured) {
      return;
    }
    int port = config.getValue("quarkus.http.port", Integer.class);
    String host = config.getValue("quarkus.http.host", String.class);
    try (ServerSocket taken = new ServerSocket(port, 1, InetAddress.getByName(host))) {
      taken.setReuseAddress(true);
    } catch (IOException e) {
      portTaken = true;
      System.setProperty("quarkus.http.port", "0");
    }
  }
}

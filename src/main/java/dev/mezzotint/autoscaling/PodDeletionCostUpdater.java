package dev.mezzotint.autoscaling;

import dev.mezzotint.job.DaemonThreads;
import dev.mezzotint.json.JsonText;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the annotation {@code controller.kubernetes.io/pod-deletion-cost} of this worker's own pod:
 * −1 while it runs no job, 1 otherwise. A Deployment that is scaled down removes the pods of the
 * lowest cost first, and without the annotation any.
 *
 * <p>Sends one patch per change, at most every ten seconds, since each is a write to the cluster's
 * own store. Kubernetes guarantees nothing in return; running jobs are safe either way. A failure
 * is logged once and retried.
 */
public final class PodDeletionCostUpdater implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(PodDeletionCostUpdater.class.getName());
  public static final Duration PERIOD = Duration.ofSeconds(10);
  private static final int LIMIT_MILLIS = 5_000;
  private static final String ANNOTATION = "controller.kubernetes.io/pod-deletion-cost";

  private final PodConfig pod;
  private final IntSupplier runningJobs;
  private final ScheduledExecutorService executor;
  private @Nullable Boolean reportedBusy; // null until the first patch succeeds
  private boolean warned;

  /**
   * Starts at once.
   *
   * @param runningJobs number of jobs that this process runs
   * @param period between two checks
   */
  public PodDeletionCostUpdater(PodConfig pod, IntSupplier runningJobs, Duration period) {
    this.pod = pod;
    this.runningJobs = runningJobs;
    this.executor = Executors.newSingleThreadScheduledExecutor(new DaemonThreads("deletion-cost"));
    executor.scheduleWithFixedDelay(this::update, 0, period.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void update() {
    boolean busy = runningJobs.getAsInt() > 0;
    if (reportedBusy != null && reportedBusy == busy) {
      return;
    }
    try {
      patch(busy ? "1" : "-1");
      reportedBusy = busy;
      warned = false;
    } catch (IOException | RuntimeException e) {
      if (!warned) {
        warned = true;
        LOG.log(
            System.Logger.Level.WARNING,
            "The deletion cost of pod {0} cannot be set at {1}, retrying; the service account needs"
                + " the right to patch pods: {2}",
            pod.name(),
            pod.server(),
            e.getMessage());
      }
    }
  }

  private void patch(String cost) throws IOException {
    Config config =
        new ConfigBuilder(Config.empty())
            .withMasterUrl(pod.server().toString())
            .withCaCertFile(pod.account().resolve("ca.crt").toString())
            // Read again for each patch: Kubernetes renews the token every hour.
            .withOauthToken(Files.readString(pod.account().resolve("token")).strip())
            .withConnectionTimeout(LIMIT_MILLIS)
            .withRequestTimeout(LIMIT_MILLIS)
            .withRequestRetryBackoffLimit(0)
            .build();
    String namespace = Files.readString(pod.account().resolve("namespace")).strip();
    byte[] patch =
        JsonText.writeInOrder(Map.of("metadata", Map.of("annotations", Map.of(ANNOTATION, cost))));
    Pod own =
        new PodBuilder()
            .withNewMetadata()
            .withNamespace(namespace)
            .withName(pod.name())
            .endMetadata()
            .build();
    try (KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build()) {
      // With the pod given, the client does not read it first: the right to patch is enough.
      client
          .pods()
          .resource(own)
          .patch(PatchContext.of(PatchType.JSON_MERGE), new String(patch, StandardCharsets.UTF_8));
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}

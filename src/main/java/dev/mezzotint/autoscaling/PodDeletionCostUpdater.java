package dev.mezzotint.autoscaling;

import dev.mezzotint.json.JsonText;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the annotation {@code controller.kubernetes.io/pod-deletion-cost} of the own pod: −1 while
 * nothing is in hand, 1 otherwise. A Deployment that is scaled down takes the cheapest pods first,
 * and without the annotation any.
 *
 * <p>One small request as often as that changes, ten seconds apart at least: each is a write to the
 * cluster's own store. Kubernetes promises nothing in return; what is in hand is safe either way.
 * That Kubernetes cannot be reached is said once and tried again.
 */
public final class PodDeletionCostUpdater implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(PodDeletionCostUpdater.class.getName());
  public static final Duration PAUSE = Duration.ofSeconds(10);
  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final String ANNOTATION = "controller.kubernetes.io/pod-deletion-cost";

  private final PodConfig pod;
  private final IntSupplier inHand;
  private final ScheduledExecutorService looks;
  private @Nullable Boolean toldBusy; // null while Kubernetes does not know
  private boolean complained;

  /**
   * Begins at once.
   *
   * @param inHand jobs that this process works on
   * @param pause between two looks
   */
  public PodDeletionCostUpdater(PodConfig pod, IntSupplier inHand, Duration pause) {
    this.pod = pod;
    this.inHand = inHand;
    this.looks =
        Executors.newSingleThreadScheduledExecutor(
            work -> {
              Thread thread = new Thread(work, "deletion-cost");
              thread.setDaemon(true);
              return thread;
            });
    looks.scheduleWithFixedDelay(this::look, 0, pause.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void look() {
    boolean busy = inHand.getAsInt() > 0;
    if (toldBusy != null && toldBusy == busy) {
      return;
    }
    try {
      tell(busy ? "1" : "-1");
      toldBusy = busy;
      complained = false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      if (!complained) {
        complained = true;
        LOG.log(
            System.Logger.Level.WARNING,
            "The deletion cost of pod {0} cannot be set at {1}, trying on: {2}",
            pod.name(),
            pod.server(),
            e.getMessage());
      }
    }
  }

  private void tell(String cost)
      throws IOException, GeneralSecurityException, InterruptedException {
    String namespace = Files.readString(pod.account().resolve("namespace")).strip();
    // Read anew each time: Kubernetes renews it every hour.
    String token = Files.readString(pod.account().resolve("token")).strip();
    URI address = pod.server().resolve("/api/v1/namespaces/" + namespace + "/pods/" + pod.name());
    byte[] patch =
        JsonText.writeInOrder(Map.of("metadata", Map.of("annotations", Map.of(ANNOTATION, cost))));
    HttpRequest request =
        HttpRequest.newBuilder(address)
            .timeout(LIMIT)
            .header("Authorization", "Bearer " + token)
            .header("Content-Type", "application/merge-patch+json")
            .method("PATCH", HttpRequest.BodyPublishers.ofByteArray(patch))
            .build();
    HttpClient client =
        HttpClient.newBuilder().connectTimeout(LIMIT).sslContext(trusting()).build();
    HttpResponse<Void> answer = client.send(request, BodyHandlers.discarding());
    if (answer.statusCode() != 200) {
      throw new IOException(
          "it answered "
              + answer.statusCode()
              + "; the service account needs the right to patch pods");
    }
  }

  /** The cluster's own authority and nobody else's. */
  private SSLContext trusting() throws IOException, GeneralSecurityException {
    KeyStore authority = KeyStore.getInstance(KeyStore.getDefaultType());
    authority.load(null, null);
    Path file = pod.account().resolve("ca.crt");
    try (InputStream pem = Files.newInputStream(file)) {
      int number = 0;
      for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
        authority.setCertificateEntry("ca-" + number++, one);
      }
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(authority);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  @Override
  public void close() {
    looks.shutdownNow();
  }
}

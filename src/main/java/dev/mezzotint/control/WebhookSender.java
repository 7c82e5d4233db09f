package dev.mezzotint.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.job.DaemonThreads;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Sends signed webhooks, as the Standard Webhooks specification describes them: HMAC-SHA256 over
 * id, time and body, in the headers {@code webhook-id}, {@code webhook-timestamp} and {@code
 * webhook-signature}. Follows no redirects, which could lead to another host.
 *
 * <p>Safe for use by many threads.
 */
public final class WebhookSender implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final long CALL_SECONDS = 20;
  private static final int THREADS = 4;
  private static final String PREFIX = "whsec_";
  private static final int SECRET_BYTES_MIN = 24;
  private static final int SECRET_BYTES_MAX = 64;
  private static final int ID_DIGITS = 32;

  interface Resolver {
    InetAddress[] resolve(String host) throws IOException;
  }

  private final SecretKeySpec secret;
  private final InstantSource clock;
  private final Resolver resolver;
  private final ScheduledThreadPoolExecutor threads;
  private final HttpClient client;

  /**
   * @param secret {@code whsec_} and 24 to 64 bytes in base64
   * @throws InvalidInputException for another secret
   */
  public WebhookSender(String secret, InstantSource clock) {
    this(secret, clock, InetAddress::getAllByName);
  }

  WebhookSender(String secret, InstantSource clock, Resolver resolver) {
    this.resolver = resolver;
    this.secret = key(secret);
    this.clock = clock;
    this.threads = new ScheduledThreadPoolExecutor(THREADS, new DaemonThreads("webhooks"));
    threads.setRemoveOnCancelPolicy(true);
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT)
            .executor(threads)
            .build();
  }

  /**
   * @throws InvalidInputException for a text that is not a secret
   */
  public static void checkSecret(String text) {
    var unused = key(text);
  }

  private static SecretKeySpec key(String text) {
    try {
      byte[] bytes =
          text.startsWith(PREFIX)
              ? Base64.getDecoder().decode(text.substring(PREFIX.length()))
              : new byte[0];
      if (bytes.length >= SECRET_BYTES_MIN && bytes.length <= SECRET_BYTES_MAX) {
        return new SecretKeySpec(bytes, "HmacSHA256");
      }
    } catch (IllegalArgumentException e) {
      // refused below
    }
    throw new InvalidInputException(
        "mezzotint.webhook-secret",
        "the secret of MEZZOTINT_WEBHOOK_SECRET or MEZZOTINT_WEBHOOK_SECRET_FILE must be "
            + PREFIX
            + " followed by 24 to 64 random bytes in base64");
  }

  /**
   * Sends an event once.
   *
   * @return the status of the answer; fails if there is none in time
   */
  CompletableFuture<Integer> send(URI address, String eventId, byte[] body) {
    return CompletableFuture.supplyAsync(() -> request(address, eventId, body), threads)
        .thenCompose(
            request -> {
              CompletableFuture<HttpResponse<Void>> call =
                  client.sendAsync(request, HttpResponse.BodyHandlers.discarding());
              // The client's own limit ends with the headers; a body may have no end.
              Future<?> limit =
                  threads.schedule(() -> call.cancel(true), CALL_SECONDS, TimeUnit.SECONDS);
              return call.whenComplete((answer, failure) -> limit.cancel(false));
            })
        .thenApply(HttpResponse::statusCode);
  }

  private HttpRequest request(URI address, String eventId, byte[] body) {
    checkHost(address.getHost());
    String id = id(eventId);
    long time = clock.instant().getEpochSecond();
    return HttpRequest.newBuilder(address)
        .header("content-type", "application/json")
        .header("user-agent", "Mezzotint")
        .header("webhook-id", id)
        .header("webhook-timestamp", Long.toString(time))
        .header("webhook-signature", "v1," + signature(id, time, body))
        .POST(HttpRequest.BodyPublishers.ofByteArray(body))
        .build();
  }

  /**
   * The id of an event's webhook: the same for each attempt. Not the event's own id, which holds
   * the job's, and so may have dots, with which the signed text would not be unique.
   */
  static String id(String eventId) {
    return "evt_" + Sha256.sha256(eventId.getBytes(UTF_8)).substring(0, ID_DIGITS);
  }

  private String signature(String id, long time, byte[] body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(secret);
      mac.update((id + "." + time + ".").getBytes(UTF_8));
      return Base64.getEncoder().encodeToString(mac.doFinal(body));
    } catch (NoSuchAlgorithmException | InvalidKeyException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  /**
   * Refuses a listed name that leads to this machine or to a link-local address, such as that of a
   * cloud's metadata: otherwise the owner of the name's DNS could reach services there. Java keeps
   * what it resolves for 30 s, so the connection goes to the checked address.
   */
  private void checkHost(String host) {
    boolean literal = host.equals("localhost") || host.matches("[0-9.]+|\\[.*");
    try {
      for (InetAddress address : resolver.resolve(host)) {
        boolean special =
            address.isLoopbackAddress()
                || address.isLinkLocalAddress()
                || address.isAnyLocalAddress()
                || address.isMulticastAddress();
        if (special && !literal) {
          throw new IOException(host + " leads to " + address.getHostAddress());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}

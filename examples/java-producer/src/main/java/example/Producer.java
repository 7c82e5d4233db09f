package example;

import dev.mezzotint.client.ImageRequest;
import dev.mezzotint.client.MezzotintClient;
import dev.mezzotint.job.JobEvent;
import java.time.Duration;

/** Submits a request for four images, waits for the job and prints the keys of its results. */
public final class Producer {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  /**
   * @param args the Kafka brokers, as {@code localhost:9092}
   */
  public static void main(String[] args) {
    ImageRequest request =
        ImageRequest.of("example-" + System.currentTimeMillis(), "avatars-32")
            .count(4)
            .seed(42)
            .steps(16)
            .grid();
    try (MezzotintClient client = MezzotintClient.connect(args[0])) {
      client.submit(request);
      JobEvent end =
          client
              .follow(request.id(), LIMIT, event -> System.err.println(event.type().wireName()))
              .orElseThrow(() -> new IllegalStateException("no result within " + LIMIT));
      if (end.type() != JobEvent.Type.COMPLETED) {
        throw new IllegalStateException(end.type() + ": " + end.data().get("cause"));
      }
      System.out.println(end.data().get("grid"));
      System.out.println(end.data().get("manifest")); // lists the images
    }
  }

  private Producer() {}
}

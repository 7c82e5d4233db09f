package dev.mezzotint.client;

// The example of docs/messages.md: this file is the one that compiles, a test compares them.
// begin
import dev.mezzotint.job.JobEvent;
import java.time.Duration;
import java.util.Optional;

final class Example {
  public static void main(String[] servers) {
    try (MezzotintClient client = MezzotintClient.connect(servers[0])) {
      ImageRequest request =
          ImageRequest.of("example-1", "avatars-32").count(4).seed(42).steps(16).grid();
      client.submit(request);
      Optional<JobEvent> end =
          client.follow(
              request.id(),
              Duration.ofMinutes(5),
              event -> System.out.println(event.type().wireName() + " " + event.data()));
      System.out.println(end.map(event -> event.data().get("manifest")).orElse("still waiting"));
    }
  }

  private Example() {}
}

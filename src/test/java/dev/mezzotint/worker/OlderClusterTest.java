package dev.mezzotint.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.client.MezzotintClient;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.kafka.RequestQueue;
import dev.mezzotint.kafka.Topics;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker in a consumer group, with topics for three priorities. */
class OlderClusterTest {

  @Test
  void jobsOfAllPrioritiesAreCarriedOutAndAPausedTopicWaits(@TempDir Path folder) throws Exception {
    try (Site site = new Site(folder)) {
      site.configure("mezzotint.queue", "consumer-group");
      site.configure("mezzotint.priority-topics", "true");
      WorkerConfig settings = site.settings("one");
      try (Endpoints endpoints = Endpoints.open(settings);
          Worker worker = Worker.start(settings, endpoints);
          MezzotintClient client = new MezzotintClient(endpoints.kafka());
          Tail events = site.tail(site.topics().events())) {
        awaitReady(worker);
        String normal = site.topics().generationRequests();
        client.pause(normal);
        Thread.sleep(1_000);
        int number = 0;
        for (String topic : Topics.withPriorities(normal)) {
          String id = "job" + number++;
          byte[] request =
              ("{\"id\":\"" + id + "\",\"model\":\"iadb_defaults\",\"steps\":2}")
                  .getBytes(StandardCharsets.UTF_8);
          client.submit(topic, id, request);
        }
        events.await("end of job0", letter -> letter.is("completed", "job0"));
        events.await("end of job2", letter -> letter.is("completed", "job2"));
        assertThat(events.now(letter -> letter.text("jobId").equals("job1"))).isEmpty();
        client.resume("generation");
        Tail.Letter end = events.await("end of job1", l -> l.is("completed", "job1"));
        assertThat(end.headers().get("ce_dataref"))
            .isEqualTo("s3://" + settings.store().bucket() + "/jobs/job1/manifest.json");
      }
    }
  }

  /** It is, once it has joined the group. */
  private static void awaitReady(Worker worker) throws InterruptedException {
    long end = System.nanoTime() + 30_000_000_000L;
    while (!worker.ready()) {
      assertThat(System.nanoTime()).as("ready within 30 s").isLessThan(end);
      Thread.sleep(50);
    }
  }

  @Test
  void anUnknownQueueIsRefusedWithTheKnownOnes() {
    Assertions.assertThatThrownBy(() -> Site.settings(Map.of("mezzotint.queue", "rabbit")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("MEZZOTINT_QUEUE")
        .hasMessageContaining(String.join(", ", RequestQueue.Kind.WORDS));
  }
}

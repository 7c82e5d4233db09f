package dev.mezzotint.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.client.MezzotintClient;
import dev.mezzotint.storage.Keys;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Jobs that wait behind a long one, on a worker with one lane. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ControlRoleTest {
  private Site site;
  private Endpoints endpoints;

  @BeforeAll
  void open(@TempDir Path folder) throws IOException {
    site = new Site(folder);
    site.set("mezzotint.lanes", "1");
    site.set("mezzotint.sweep-after-seconds", "2");
    endpoints = Endpoints.open(site.settings(""));
  }

  @AfterAll
  void close() throws IOException {
    endpoints.close();
    site.close();
  }

  private static String request(String id, String more) {
    return "{\"id\":\"%s\",\"model\":\"iadb_defaults\"%s}".formatted(id, more);
  }

  @Test
  void jobsThatWaitEndWhenTheyAreCalledOffOrLateAndTheirPicturesAreSwept() throws Exception {
    String suffix = UUID.randomUUID().toString().substring(0, 4);
    UnaryOperator<String> id = name -> name + "-" + suffix;
    try (Worker worker = Worker.start(site.settings("w1"), endpoints);
        Tail events = site.tail(site.topics().events());
        MezzotintClient client = new MezzotintClient(endpoints.kafka())) {
      site.send(request(id.apply("long"), ",\"count\":5000,\"steps\":100"));
      events.await("start", l -> l.is("started", id.apply("long")));
      Instant deadline = Instant.now().plusMillis(1_500);
      site.send(request(id.apply("late"), ",\"deadline\":\"" + deadline + "\""));
      site.send(request(id.apply("waiting"), ""));
      site.send(request(id.apply("fine"), ""));
      Instant called = Instant.now();
      client.cancel(id.apply("waiting"));

      Tail.Letter cancelled =
          events.await("end of the cancelled job", l -> l.is("cancelled", id.apply("waiting")));
      tell("cancelled", called, cancelled);
      Tail.Letter expired =
          events.await("end of what is late", l -> l.is("expired", id.apply("late")));
      tell("deadline", deadline, expired);
      // The only lane still has the long job: no lane has taken the others.
      assertThat(events.now(l -> l.is("completed", id.apply("long")))).isEmpty();
      assertThat(events.now(l -> l.is("started", id.apply("fine")))).isEmpty();
      awaitPictures(id.apply("long"));

      called = Instant.now();
      client.cancel(id.apply("long"));
      tell(
          "running job cancelled",
          called,
          events.await("end of the long job", l -> l.is("cancelled", id.apply("long"))));
      events.await("the job behind", l -> l.is("completed", id.apply("fine")));
      for (String name : List.of("waiting", "late", "long", "fine")) {
        List<Tail.Letter> ends =
            events.now(
                l ->
                    l.text("jobId").equals(id.apply(name))
                        && List.of("completed", "failed", "cancelled", "expired")
                            .contains(l.text("type")));
        assertThat(ends).as(name).isNotEmpty();
        assertThat(ends.stream().map(l -> l.text("id")).distinct()).as(name).hasSize(1);
      }
      awaitSwept(id.apply("long"));
      assertThat(site.store().list(Keys.images(id.apply("fine")))).hasSize(1);
      assertThat(site.store().get(Keys.manifest(id.apply("long")))).isPresent();
    }
  }

  private static void tell(String what, Instant since, Tail.Letter event) {
    Duration took = Duration.between(since, Instant.parse(event.text("time")));
    System.out.printf("%s: ended after %d ms%n", what, took.toMillis());
  }

  /** There must be something to be swept. */
  private void awaitPictures(String id) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (site.store().list(Keys.images(id)).isEmpty()) {
      assertThat(System.nanoTime()).as("no picture of %s stands", id).isLessThan(end);
      Thread.sleep(50);
    }
  }

  private void awaitSwept(String id) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!site.store().list(Keys.images(id)).isEmpty()) {
      assertThat(System.nanoTime()).as("pictures of %s still stand", id).isLessThan(end);
      Thread.sleep(200);
    }
  }
}

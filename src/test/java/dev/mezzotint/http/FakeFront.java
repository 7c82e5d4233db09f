package dev.mezzotint.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.board.JobBoard;
import dev.mezzotint.client.FakeClient;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.sampling.Previews;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A front without broker and worker: published requests are kept in a list. */
final class FakeFront implements AutoCloseable {
  static final Instant START = Instant.parse("2026-11-22T12:00:00Z");
  static final String TOKEN = "correct-horse-battery";

  final EventStreams streams = new EventStreams(Map::of);
  final JobWaits waits = new JobWaits();
  final JobBoard board =
      new JobBoard(
          1_000,
          job -> {
            streams.changed(job);
            waits.changed(job);
          });
  final InMemoryStore store = new InMemoryStore();

  /** Requests as they are in their topic, by job. */
  final Map<String, byte[]> requests = new ConcurrentHashMap<>();

  /** Files by job, part and name, with slashes between. */
  final Map<String, byte[]> conditions = new ConcurrentHashMap<>();

  final List<String> sent = new CopyOnWriteArrayList<>();
  volatile boolean brokerAway;

  /** Lets the application under test answer for this front. */
  void open(HttpSettings settings) {
    JobClient client =
        new FakeClient() {
          @Override
          public void submit(Kind kind, String id, byte[] json) {
            if (brokerAway) {
              throw new TransientException("no broker answers");
            }
            sent.add(
                (kind == Kind.TRAINING ? "training " : "generation ") + new String(json, UTF_8));
          }

          @Override
          public void cancel(String id) {
            sent.add("cancel " + id);
          }
        };
    ModelCatalog catalog =
        new ModelCatalog() {
          @Override
          public List<Model> models() {
            return List.of();
          }

          @Override
          public void check(GenerationRequest request) {
            if (request.model().equals("unknown")) {
              throw new InvalidInputException("model", "there is no model unknown");
            }
          }

          @Override
          public Optional<byte[]> samples(String reference) {
            return reference.equals("faces@1")
                ? Optional.of(new byte[] {(byte) 0x89, 'P', 'N', 'G'})
                : Optional.empty();
          }

          @Override
          public String link(String key, Duration validity) {
            return "http://store/" + key + "?validity=" + validity.toSeconds();
          }
        };
    Http.running()
        .open(
            new HttpFront(
                settings,
                board,
                streams,
                waits,
                store,
                client,
                catalog,
                Map::of,
                FakeFront::sampling,
                id -> Optional.ofNullable(requests.get(id)),
                (id, part, name) ->
                    Optional.ofNullable(conditions.get(id + "/" + part + "/" + name))));
  }

  private static List<Previews.RowPreview> sampling(String id) {
    return id.equals("now")
        ? List.of(new Previews.RowPreview(3, 12, 32, new byte[] {1, 2, 3}))
        : List.of();
  }

  void finished(String id, JobEvent.Type type) {
    board.event(new JobEvent(id + type, type, id, 1, 1_999_999, START, Map.of("cause", "why")));
  }

  @Override
  public void close() {
    Http.running().stop();
    streams.close();
  }
}

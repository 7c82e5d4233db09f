package dev.mezzotint.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.board.JobBoard;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.sampling.Previews;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A front without broker: what it sent stands in a list. For one thread. */
final class FrontWithoutBroker implements AutoCloseable {
  static final Instant START = Instant.parse("2026-11-22T12:00:00Z");
  static final String TOKEN = "correct-horse-battery";

  final EventStreams streams = new EventStreams(Map::of);
  final JobBoard board = new JobBoard(1_000, streams::changed);
  final ShelfOfBytes store = new ShelfOfBytes();
  final List<String> sent = new ArrayList<>();
  boolean brokerAway;
  final ApiRouter front = front(HttpSettings.LOCAL);

  ApiRouter front(HttpSettings settings) {
    RequestPublisher outbox =
        new RequestPublisher() {
          @Override
          public void submit(boolean training, String id, byte[] json) {
            if (brokerAway) {
              throw new TransientException("no broker answers");
            }
            sent.add((training ? "training " : "generation ") + new String(json, UTF_8));
          }

          @Override
          public void cancel(String id) {
            sent.add("cancel " + id);
          }
        };
    ModelCatalog shelf =
        new ModelCatalog() {
          @Override
          public List<Entry> models() {
            return List.of();
          }

          @Override
          public String link(String key, Duration validity) {
            return "http://store/" + key + "?validity=" + validity.toSeconds();
          }
        };
    return new ApiRouter(
        settings, board, streams, store, outbox, shelf, Map::of, FrontWithoutBroker::underWay);
  }

  static List<Previews.RowPreview> underWay(String id) {
    return id.equals("now")
        ? List.of(new Previews.RowPreview(3, 12, 32, new byte[] {1, 2, 3}))
        : List.of();
  }

  @Override
  public void close() {
    front.close();
  }

  static HttpRequest call(String method, String path, Map<String, String> more, String body) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("host", "localhost:8080");
    if (method.equals("POST")) {
      headers.put("content-type", "application/json");
    }
    headers.putAll(more);
    Map<String, String> query = new LinkedHashMap<>();
    String[] parts = path.split("\\?", 2);
    if (parts.length == 2) {
      for (String pair : parts[1].split("&", -1)) {
        query.put(pair.split("=", 2)[0], pair.split("=", 2)[1]);
      }
    }
    return new HttpRequest(method, parts[0], query, headers, body.getBytes(UTF_8));
  }

  HttpResponse get(String path) {
    return front.answer(call("GET", path, Map.of(), ""));
  }

  HttpResponse post(String path, String body) {
    return front.answer(call("POST", path, Map.of(), body));
  }

  static JsonObject json(HttpResponse answer) {
    return JsonObject.parse(((HttpResponse.Bytes) answer.body()).bytes());
  }

  void finished(String id, JobEvent.Type type) {
    board.event(new JobEvent(id + type, type, id, 1, 1_999_999, START, Map.of("cause", "why")));
  }

  /** Hears all. */
  static final class Ear implements EventStreams.Sink {
    final StringBuilder heard = new StringBuilder();
    int roomChars = 1 << 20;
    boolean ended;

    @Override
    public boolean send(String text) {
      heard.append(text);
      return heard.length() < roomChars;
    }

    @Override
    public void end() {
      ended = true;
    }

    String lastId() {
      String text = heard.toString();
      int at = text.lastIndexOf("id: ");
      return text.substring(at + 4, text.indexOf('\n', at));
    }
  }

  Ear listen(String query, Map<String, String> headers) {
    Ear ear = new Ear();
    HttpRequest call = call("GET", "/api/events" + query, headers, "");
    if (front.listen(call, ear).isPresent()) {
      throw new AssertionError("turned away");
    }
    return ear;
  }
}

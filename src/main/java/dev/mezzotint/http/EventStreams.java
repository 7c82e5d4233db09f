package dev.mezzotint.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.board.BoardJob;
import dev.mezzotint.json.JsonText;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Server-sent events: each job that changes, as it then is. Who was away says with {@code
 * Last-Event-ID} what came last, and hears the newest state of every job that changed meanwhile, or
 * {@code reset} if that is no longer known: then the list of jobs must be read anew.
 *
 * <p>Nobody is waited for: who does not keep up is dropped, and may come again. Safe for use by
 * many threads.
 */
public final class EventStreams implements AutoCloseable {
  /** Who listens at most. */
  public static final int CLIENTS_MAX = 64;

  /** Jobs whose last change is remembered for those who come back. */
  static final int REMEMBERED_MAX = 1_000;

  /** Of what somebody who comes back has missed; who missed more reads the list anew. */
  private static final int MISSED_CHARS_MAX = 256 << 10;

  private static final long BEAT_SECONDS = 2;

  /** One who listens. */
  public interface Sink {
    /**
     * Takes text without waiting.
     *
     * @return false if too much waits to be taken already: then this one is dropped
     */
    boolean send(String text);

    /** Nothing more comes. */
    void end();
  }

  private final String boot = UUID.randomUUID().toString().substring(0, 8);
  private final Supplier<Map<String, Object>> figures;
  private final ScheduledExecutorService beat;

  // All below guarded by this.
  private final Map<Sink, Optional<String>> clients = new LinkedHashMap<>();
  private final Map<String, Told> remembered = new LinkedHashMap<>();
  private long sequence;
  private long forgotten;

  private record Told(long sequence, String text) {}

  /**
   * Begins to beat.
   *
   * @param figures of this worker, told with every beat; nothing if empty
   */
  public EventStreams(Supplier<Map<String, Object>> figures) {
    this.figures = figures;
    this.beat =
        Executors.newSingleThreadScheduledExecutor(
            work -> {
              Thread thread = new Thread(work, "event-streams");
              thread.setDaemon(true);
              return thread;
            });
    var unused = beat.scheduleAtFixedRate(this::beat, BEAT_SECONDS, BEAT_SECONDS, TimeUnit.SECONDS);
  }

  /** A job is new or has changed. */
  public synchronized void changed(BoardJob job) {
    long number = ++sequence;
    String text = message("job", number, new String(JsonText.writeInOrder(job.toMap()), UTF_8));
    remembered.remove(job.id()); // so that the order stays that of the numbers
    remembered.put(job.id(), new Told(number, text));
    if (remembered.size() > REMEMBERED_MAX) {
      var oldest = remembered.entrySet().iterator();
      forgotten = oldest.next().getValue().sequence();
      oldest.remove();
    }
    send(text, Optional.of(job.id()));
  }

  private String message(String event, long number, String data) {
    return "id: " + boot + "-" + number + "\nevent: " + event + "\ndata: " + data + "\n\n";
  }

  /** A line that says that the connection lives, with figures if there are any. */
  private synchronized void beat() {
    try {
      Map<String, Object> now = figures.get();
      send(
          now.isEmpty()
              ? ": beat\n\n"
              : "event: figures\ndata: " + new String(JsonText.writeInOrder(now), UTF_8) + "\n\n",
          Optional.empty());
    } catch (RuntimeException e) {
      send(": beat\n\n", Optional.empty()); // figures of a worker that is just closing
    }
  }

  private void send(String text, Optional<String> job) {
    List<Sink> slow = new ArrayList<>();
    clients.forEach(
        (client, only) -> {
          if ((job.isEmpty() || only.isEmpty() || only.equals(job)) && !client.send(text)) {
            slow.add(client);
          }
        });
    slow.forEach(
        client -> {
          clients.remove(client);
          client.end();
        });
  }

  /**
   * Somebody begins to listen.
   *
   * @param last what came last, as the browser says it; empty for the first time
   * @param job only this one's; empty for all
   * @return false if there are too many
   */
  public synchronized boolean open(Optional<String> last, Optional<String> job, Sink sink) {
    if (clients.size() >= CLIENTS_MAX) {
      return false;
    }
    clients.put(sink, job);
    StringBuilder first = new StringBuilder("retry: 1000\n");
    Optional<Long> from = last.flatMap(this::number).filter(number -> number >= forgotten);
    List<Told> missed = from.isPresent() ? missed(from.get(), job) : List.of();
    boolean little = missed.stream().mapToLong(t -> t.text().length()).sum() <= MISSED_CHARS_MAX;
    if (from.isPresent() && little) {
      // Not the newest number yet: the connection may break before the missed ones have come.
      first.append(message("hello", from.get(), "{\"resumed\":true}"));
      missed.forEach(told -> first.append(told.text()));
    } else {
      first.append(message(last.isPresent() ? "reset" : "hello", sequence, "{\"resumed\":false}"));
    }
    if (!sink.send(first.toString())) {
      clients.remove(sink);
      sink.end();
    }
    return true;
  }

  private List<Told> missed(long from, Optional<String> job) {
    return remembered.entrySet().stream()
        .filter(told -> job.isEmpty() || job.get().equals(told.getKey()))
        .map(Map.Entry::getValue)
        .filter(told -> told.sequence() > from)
        .sorted(Comparator.comparing(Told::sequence))
        .toList();
  }

  /** Empty for what this process has never said. */
  private Optional<Long> number(String id) {
    if (!id.matches(boot + "-[0-9]{1,18}")) {
      return Optional.empty();
    }
    long number = Long.parseLong(id.substring(boot.length() + 1));
    return number <= sequence ? Optional.of(number) : Optional.empty();
  }

  /** Somebody has gone. */
  public synchronized void close(Sink sink) {
    clients.remove(sink);
  }

  /** How many listen. */
  public synchronized int clients() {
    return clients.size();
  }

  /** Sends everybody away. */
  @Override
  public void close() {
    beat.shutdownNow();
    synchronized (this) {
      clients.keySet().forEach(Sink::end);
      clients.clear();
    }
  }
}

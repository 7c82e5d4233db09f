package dev.mezzotint.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.board.BoardJob;
import dev.mezzotint.job.DaemonThreads;
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
 * Publishes every change of a job to the clients that listen. A client that reconnects with the id
 * of the last event that it received gets the newest state of every job that changed since, or
 * {@code reset} if those changes are no longer known: then it must read the list of jobs again.
 *
 * <p>Slow clients are disconnected and may reconnect. Safe for use by many threads.
 */
public final class EventStreams implements AutoCloseable {
  /** Clients at once. */
  public static final int CLIENTS_MAX = 64;

  /** Jobs whose last change is kept for clients that reconnect. */
  static final int REMEMBERED_MAX = 1_000;

  /** Missed events that are sent to a client that reconnects; beyond, it reads the list. */
  private static final int MISSED_CHARS_MAX = 256 << 10;

  private static final long METRICS_SECONDS = 2;

  /**
   * A server-sent event.
   *
   * @param id empty for one that cannot be resumed from
   * @param data one line of JSON
   */
  record Event(String name, Optional<String> id, String data) {
    /** About as many characters as it has when it is written. */
    int size() {
      return data.length() + 64;
    }
  }

  interface Client {
    /**
     * Takes an event without waiting.
     *
     * @return false if too much has not been sent yet: then the client is disconnected
     */
    boolean send(Event event);

    void end();
  }

  private final String boot = UUID.randomUUID().toString().substring(0, 8);
  private final Supplier<Map<String, Object>> metrics;
  private final ScheduledExecutorService timer;

  // All below guarded by this.
  private final Map<Client, Subscription> clients = new LinkedHashMap<>();
  private final Map<String, Change> remembered = new LinkedHashMap<>();
  private long sequence;
  private long forgotten;

  /** What a client wants to see, and whether it has seen any of it. */
  private static final class Subscription {
    private final Optional<String> job;
    private boolean informed;

    Subscription(Optional<String> job) {
      this.job = job;
    }
  }

  private record Change(long sequence, Event event) {}

  /**
   * Begins to publish.
   *
   * @param metrics of this worker, published every two seconds, which also shows that the
   *     connection lives
   */
  public EventStreams(Supplier<Map<String, Object>> metrics) {
    this.metrics = metrics;
    this.timer = Executors.newSingleThreadScheduledExecutor(new DaemonThreads("event-streams"));
    var unused =
        timer.scheduleAtFixedRate(
            this::publishMetrics, METRICS_SECONDS, METRICS_SECONDS, TimeUnit.SECONDS);
  }

  /** Publishes a job that is new or has changed. */
  public synchronized void changed(BoardJob job) {
    long number = ++sequence;
    Event event = event("job", number, json(job.toMap()));
    remembered.remove(job.id()); // so that the order remains that of the numbers
    remembered.put(job.id(), new Change(number, event));
    if (remembered.size() > REMEMBERED_MAX) {
      var oldest = remembered.entrySet().iterator();
      forgotten = oldest.next().getValue().sequence();
      oldest.remove();
    }
    send(event, Optional.of(job.id()));
  }

  private static String json(Map<String, ?> members) {
    return new String(JsonText.writeInOrder(members), UTF_8);
  }

  private Event event(String name, long number, String data) {
    return new Event(name, Optional.of(boot + "-" + number), data);
  }

  private synchronized void publishMetrics() {
    String data = "{}";
    try {
      data = json(metrics.get());
    } catch (RuntimeException e) {
      // a worker that is just closing
    }
    send(new Event("figures", Optional.empty(), data), Optional.empty());
  }

  private void send(Event event, Optional<String> job) {
    List<Client> slow = new ArrayList<>();
    clients.forEach(
        (client, of) -> {
          if (job.isEmpty() || of.job.isEmpty() || of.job.equals(job)) {
            of.informed |= job.isPresent();
            if (!client.send(event)) {
              slow.add(client);
            }
          }
        });
    slow.forEach(
        client -> {
          clients.remove(client);
          client.end();
        });
  }

  /**
   * Adds a client.
   *
   * @param last id of the last event that it received; empty for its first connection
   * @param job the only job that it wants to see; empty for all
   * @return false if there are too many clients
   */
  synchronized boolean open(Optional<String> last, Optional<String> job, Client client) {
    if (clients.size() >= CLIENTS_MAX) {
      return false;
    }
    Subscription of = new Subscription(job);
    clients.put(client, of);
    Optional<Long> from = last.flatMap(this::number).filter(number -> number >= forgotten);
    List<Event> missed = from.isPresent() ? missed(from.get(), job) : List.of();
    List<Event> first = new ArrayList<>();
    if (from.isPresent() && missed.stream().mapToLong(Event::size).sum() <= MISSED_CHARS_MAX) {
      // Not the newest number yet: the connection may break before the missed events arrive.
      first.add(event("hello", from.get(), "{\"resumed\":true}"));
      first.addAll(missed);
      of.informed = !missed.isEmpty();
    } else {
      first.add(event(last.isPresent() ? "reset" : "hello", sequence, "{\"resumed\":false}"));
    }
    if (!first.stream().allMatch(client::send)) {
      clients.remove(client);
      client.end();
    }
    return true;
  }

  /**
   * Sends the present state of its job to a client that has been added; not if a change has been
   * sent meanwhile. So a client may subscribe to a job after it has submitted it, and sees also a
   * job that has ended before.
   */
  synchronized void present(BoardJob job, Client client) {
    Subscription of = clients.get(client);
    if (of != null && !of.informed) {
      of.informed = true;
      Event event = new Event("job", Optional.empty(), json(job.toMap()));
      if (!client.send(event)) {
        clients.remove(client);
        client.end();
      }
    }
  }

  private List<Event> missed(long from, Optional<String> job) {
    return remembered.entrySet().stream()
        .filter(change -> job.isEmpty() || job.get().equals(change.getKey()))
        .map(Map.Entry::getValue)
        .filter(change -> change.sequence() > from)
        .sorted(Comparator.comparing(Change::sequence))
        .map(Change::event)
        .toList();
  }

  /** Empty for an id that this process has never sent. */
  private Optional<Long> number(String id) {
    if (!id.matches(boot + "-[0-9]{1,18}")) {
      return Optional.empty();
    }
    long number = Long.parseLong(id.substring(boot.length() + 1));
    return number <= sequence ? Optional.of(number) : Optional.empty();
  }

  /** Removes a client that has gone. */
  synchronized void close(Client client) {
    clients.remove(client);
  }

  synchronized int clients() {
    return clients.size();
  }

  @Override
  public void close() {
    timer.shutdownNow();
    List<Client> open;
    synchronized (this) {
      open = List.copyOf(clients.keySet());
      clients.clear();
    }
    open.forEach(Client::end); // which calls close(client)
  }
}

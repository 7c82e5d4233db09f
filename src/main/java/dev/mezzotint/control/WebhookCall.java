package dev.mezzotint.control;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.TopicPartition;

/** A webhook that has not been delivered yet. For one thread. */
final class WebhookCall {
  /** A record of the event; an event may be published more than once. */
  record Position(TopicPartition partition, long offset) {}

  private final String eventId;
  private final URI address;
  private final byte[] body;
  private final long begun = System.nanoTime();
  private final List<Position> positions = new ArrayList<>();
  private long due = begun;
  private int attempts;
  private boolean sending;

  WebhookCall(String eventId, URI address, byte[] body) {
    this.eventId = eventId;
    this.address = address;
    this.body = body;
  }

  String eventId() {
    return eventId;
  }

  URI address() {
    return address;
  }

  byte[] body() {
    return body;
  }

  int attempts() {
    return attempts;
  }

  /** Records whose positions wait for this call. */
  List<Position> positions() {
    return positions;
  }

  boolean isDue() {
    return !sending && System.nanoTime() - due >= 0;
  }

  void sending() {
    sending = true;
    attempts++;
  }

  void postpone(Duration pause) {
    sending = false;
    due = System.nanoTime() + pause.toNanos();
  }

  boolean isOlderThan(Duration limit) {
    return System.nanoTime() - begun > limit.toNanos();
  }
}

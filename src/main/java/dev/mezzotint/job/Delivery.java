package dev.mezzotint.job;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One delivery of a request record to this worker. The broker may deliver the same record again, to
 * this worker or another.
 *
 * <p>The lane that acquired the record holds its lock while the handler works. The delivery is
 * fenced as soon as the lock is, or may be, lost; from then on the attempt must stop and publish
 * nothing. Safe for use by several threads.
 */
public final class Delivery {
  /** Header of a worker's copy of a record: the {@link #position} of the original record. */
  public static final String ORIGIN = "mezzotint-origin";

  private static final Pattern POSITION = Pattern.compile("[A-Za-z0-9._-]{1,249}-[0-9]+@[0-9]+");

  private final String topic;
  private final int partition;
  private final long offset;
  private final int deliveryCount;
  private final byte @Nullable [] key;
  private final byte[] value;
  private final List<Map.Entry<String, byte[]>> headers;
  private volatile boolean fenced;
  private volatile boolean draining;
  private volatile boolean timed;
  private volatile long heldUntilNanos;
  private volatile @Nullable Instant writtenTime;
  private volatile boolean jobIdParsed;
  private @Nullable JobId jobId; // written before jobIdParsed

  public Delivery(
      String topic,
      int partition,
      long offset,
      int deliveryCount,
      byte[] value,
      List<Map.Entry<String, byte[]>> headers) {
    this(topic, partition, offset, deliveryCount, null, value, headers);
  }

  /**
   * @param deliveryCount 1 for the first delivery; a hint only, because hand-backs count too
   * @param value the record's value; empty for a record without one
   * @param headers in the record's order; names may repeat
   */
  public Delivery(
      String topic,
      int partition,
      long offset,
      int deliveryCount,
      byte @Nullable [] key,
      byte[] value,
      List<Map.Entry<String, byte[]>> headers) {
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.deliveryCount = deliveryCount;
    this.key = key;
    this.value = value;
    this.headers = List.copyOf(headers);
  }

  public String topic() {
    return topic;
  }

  public int partition() {
    return partition;
  }

  public long offset() {
    return offset;
  }

  public int deliveryCount() {
    return deliveryCount;
  }

  /** The record's key, not a copy; null for a record without one. */
  public byte @Nullable [] key() {
    return key;
  }

  /** The record's value, not a copy: must not be modified. */
  public byte[] value() {
    return value;
  }

  public List<Map.Entry<String, byte[]>> headers() {
    return headers;
  }

  /** True once another worker may hold this record: stop and publish nothing. */
  public boolean fenced() {
    if (timed && System.nanoTime() - heldUntilNanos > 0) {
      fenced = true;
    }
    return fenced;
  }

  /** Called by the lane when the lock could not be renewed. */
  public void fence() {
    fenced = true;
  }

  /**
   * Called by the lane for every lock it gets. A lock that expires fences the delivery by itself:
   * after a pause of the whole process the handler may continue before the lane does.
   *
   * @param nanoTime of {@link System#nanoTime}
   */
  public void holdUntil(long nanoTime) {
    heldUntilNanos = nanoTime;
    timed = true;
  }

  public Optional<Instant> writtenTime() {
    return Optional.ofNullable(writtenTime);
  }

  /** Called by the lane with the record's timestamp. */
  public void setWrittenTime(Instant time) {
    writtenTime = time;
  }

  /** True once this worker is shutting down: hand back at the next step boundary. */
  public boolean draining() {
    return draining;
  }

  /** Called by the lane on shutdown. */
  public void drain() {
    draining = true;
  }

  /** {@code topic-partition@offset}, for logs and for ids of events about records without an id. */
  public String position() {
    return topic + "-" + partition + "@" + offset;
  }

  /** The job id in the record's value, if it is valid; parsed by the first call. */
  public Optional<JobId> jobId() {
    if (!jobIdParsed) {
      try {
        jobId = JobId.read(JsonObject.parse(value));
      } catch (InvalidInputException e) {
        // A record without a valid id has no job.
      }
      jobIdParsed = true;
    }
    return Optional.ofNullable(jobId);
  }

  /** For log messages: {@code topic-partition@offset (job id)}. */
  @Override
  public String toString() {
    return position() + jobId().map(id -> " (job " + id + ")").orElse("");
  }

  /**
   * The position of the original record, of which this record may be a worker's copy: the attempts
   * at all copies of a record are counted together.
   */
  public String origin() {
    String claimed = position();
    for (Map.Entry<String, byte[]> header : headers) {
      if (header.getKey().equals(ORIGIN)) {
        String value = new String(header.getValue(), StandardCharsets.ISO_8859_1);
        claimed = POSITION.matcher(value).matches() ? value : claimed;
      }
    }
    return claimed;
  }
}

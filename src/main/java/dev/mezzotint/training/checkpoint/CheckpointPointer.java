package dev.mezzotint.training.checkpoint;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonDocument;
import dev.mezzotint.json.Required;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * {@code checkpoints/latest.json}: a training job's current checkpoint and the attempt that may
 * write it. It is replaced by conditional writes only and thereby is the job's fence: an attempt
 * that was overtaken cannot write it any more.
 *
 * @param run of the attempt that holds the lease; empty if none does
 * @param position of the record which that attempt holds
 * @param worker that runs the attempt
 * @param device that ran the newest steps: another one may round differently
 * @param heartbeat rises with every write, which shows that the holder is alive
 * @param data state of the data set that the first segment saw; empty for densities
 * @param from model with its version whose weights the job started from; empty for none
 * @param checkpoints in the store, oldest first; the last one is current
 */
@JsonPropertyOrder({"iteration", "key"})
public record CheckpointPointer(
    String run,
    String position,
    String worker,
    String device,
    @JsonProperty("beat") long heartbeat,
    String data,
    String from,
    @JsonProperty("kept") List<StoredCheckpoint> checkpoints) {
  private static final int SCHEMA = 1;
  private static final int CHECKPOINTS_MAX = 100_000;

  /** Of a job without any attempt. */
  static final CheckpointPointer NONE = new CheckpointPointer("", "", "", "", 0, "", "", List.of());

  /**
   * A checkpoint in the store.
   *
   * @param log key of the losses up to it
   * @param bytes size of the checkpoint's file
   * @param sha256 of the checkpoint's file
   */
  public record StoredCheckpoint(
      long iteration,
      @Required String key,
      @Required String log,
      long bytes,
      @Required String sha256) {}

  public CheckpointPointer {
    checkpoints = List.copyOf(checkpoints);
    if (checkpoints.size() > CHECKPOINTS_MAX) {
      throw new IllegalArgumentException("kept may have at most " + CHECKPOINTS_MAX + " entries");
    }
  }

  /** The current checkpoint; empty before the first. */
  public Optional<StoredCheckpoint> last() {
    return checkpoints.isEmpty()
        ? Optional.empty()
        : Optional.of(checkpoints.get(checkpoints.size() - 1));
  }

  /** Steps of the current checkpoint; 0 before the first. */
  @JsonProperty(access = JsonProperty.Access.READ_ONLY)
  public long iteration() {
    return last().map(StoredCheckpoint::iteration).orElse(0L);
  }

  @JsonProperty(access = JsonProperty.Access.READ_ONLY)
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  Optional<String> key() {
    return last().map(StoredCheckpoint::key);
  }

  CheckpointPointer heldBy(String otherRun, String otherPosition, String otherWorker, String on) {
    return new CheckpointPointer(
        otherRun, otherPosition, otherWorker, on, heartbeat + 1, data, from, checkpoints);
  }

  CheckpointPointer released() {
    return new CheckpointPointer("", "", worker, device, heartbeat + 1, data, from, checkpoints);
  }

  CheckpointPointer nextHeartbeat() {
    return withCheckpoints(checkpoints);
  }

  CheckpointPointer withCheckpoints(List<StoredCheckpoint> others) {
    return new CheckpointPointer(run, position, worker, device, heartbeat + 1, data, from, others);
  }

  CheckpointPointer withOrigin(String dataState, String fromModel) {
    return new CheckpointPointer(
        run, position, worker, device, heartbeat + 1, dataState, fromModel, checkpoints);
  }

  byte[] toJson() {
    return JsonDocument.write(SCHEMA, this);
  }

  /**
   * @throws InvalidInputException if these are not the bytes of a pointer, or of a later schema
   */
  public static CheckpointPointer parse(byte[] bytes) {
    return JsonDocument.read(bytes, SCHEMA, CheckpointPointer.class);
  }

  /** Keys of all objects that a pointer refers to; none if it is unreadable. */
  public static Set<String> referencedKeys(byte[] pointer) {
    Set<String> keys = new HashSet<>();
    try {
      for (StoredCheckpoint kept : parse(pointer).checkpoints()) {
        keys.add(kept.key());
        keys.add(kept.log());
      }
    } catch (InvalidInputException e) {
      return Set.of();
    }
    return keys;
  }
}

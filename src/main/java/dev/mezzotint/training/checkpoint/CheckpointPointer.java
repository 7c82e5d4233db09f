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
 * {@code checkpoints/latest.json}: which checkpoint counts, and whose turn it is. Replaced only by
 * whoever has seen the version that stands, so it is the fence of a training job: an attempt that
 * was overtaken cannot write it any more.
 *
 * @param run of the attempt whose turn it is; empty when it is nobody's
 * @param position of the record which that attempt holds
 * @param worker whose attempt that is
 * @param device that the newest steps were done on: another may round otherwise
 * @param heartbeat rises while the attempt lives, so that others see that it does
 * @param data which state of the data set the first segment saw; empty for densities
 * @param from the model that the first step's weights are of, with its version; empty without
 * @param checkpoints checkpoints that stand, oldest first; the last one counts
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
  private static final int KEPT_MAX = 100_000;

  /**
   * A checkpoint in the store.
   *
   * @param log key of the losses up to it
   * @param bytes of the checkpoint's file
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
    if (checkpoints.size() > KEPT_MAX) {
      throw new IllegalArgumentException("kept may have at most " + KEPT_MAX + " entries");
    }
  }

  /** The one that counts; empty before the first. */
  public Optional<StoredCheckpoint> last() {
    return checkpoints.isEmpty()
        ? Optional.empty()
        : Optional.of(checkpoints.get(checkpoints.size() - 1));
  }

  /** Steps that are done and kept. */
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
   * @throws InvalidInputException if these are not the bytes of a pointer, or are of a later schema
   */
  public static CheckpointPointer parse(byte[] bytes) {
    return JsonDocument.read(bytes, SCHEMA, CheckpointPointer.class);
  }

  /** Keys of all objects that a pointer names; none if it cannot be read. */
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

package dev.mezzotint.training.checkpoint;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
public record CheckpointPointer(
    String run,
    String position,
    String worker,
    String device,
    long heartbeat,
    String data,
    String from,
    List<StoredCheckpoint> checkpoints) {
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
      long iteration, String key, String log, long bytes, String sha256) {}

  public CheckpointPointer {
    checkpoints = List.copyOf(checkpoints);
  }

  /** The one that counts; empty before the first. */
  public Optional<StoredCheckpoint> last() {
    return checkpoints.isEmpty()
        ? Optional.empty()
        : Optional.of(checkpoints.get(checkpoints.size() - 1));
  }

  /** Steps that are done and kept. */
  public long iteration() {
    return last().map(StoredCheckpoint::iteration).orElse(0L);
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
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("schema", SCHEMA);
    json.put("iteration", iteration());
    last().ifPresent(k -> json.put("key", k.key()));
    json.put("run", run);
    json.put("position", position);
    json.put("worker", worker);
    json.put("device", device);
    json.put("beat", heartbeat);
    json.put("data", data);
    json.put("from", from);
    json.put("kept", checkpoints.stream().map(CheckpointPointer::toMap).toList());
    return JsonText.writePretty(json);
  }

  private static Map<String, Object> toMap(StoredCheckpoint kept) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("iteration", kept.iteration());
    json.put("key", kept.key());
    json.put("log", kept.log());
    json.put("bytes", kept.bytes());
    json.put("sha256", kept.sha256());
    return json;
  }

  /**
   * @throws InvalidInputException if these are not the bytes of a pointer, or are of a later schema
   */
  public static CheckpointPointer parse(byte[] bytes) {
    JsonObject json = JsonObject.parse(bytes);
    json.integer("schema", SCHEMA, SCHEMA)
        .orElseThrow(() -> json.refuse("schema", "is missing: " + SCHEMA + " is required"));
    List<StoredCheckpoint> kept = new ArrayList<>();
    for (JsonObject one : json.objects("kept", KEPT_MAX).orElse(List.of())) {
      kept.add(
          new StoredCheckpoint(
              one.integer("iteration", 0, Long.MAX_VALUE, 0L),
              one.requiredString("key"),
              one.requiredString("log"),
              one.integer("bytes", 0, Long.MAX_VALUE, 0L),
              one.requiredString("sha256")));
    }
    return new CheckpointPointer(
        json.string("run", ""),
        json.string("position", ""),
        json.string("worker", ""),
        json.string("device", ""),
        json.integer("beat", 0, Long.MAX_VALUE, 0L),
        json.string("data", ""),
        json.string("from", ""),
        kept);
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

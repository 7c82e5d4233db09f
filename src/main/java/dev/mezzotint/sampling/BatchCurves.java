package dev.mezzotint.sampling;

import dev.mezzotint.files.FileErrors;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.storage.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Measures the batch curve of each model when it is loaded, in at most {@value #LIMIT_MILLIS} ms,
 * and caches it in a file. Safe for use by many threads.
 *
 * <p>A file is for one model, version, image size, device and set of software versions; the curve
 * is measured again if it is deleted.
 */
public final class BatchCurves {
  static final long LIMIT_MILLIS = 2_000;

  private static final System.Logger LOG = System.getLogger(BatchCurves.class.getName());
  private static final int SIZES_MAX = 32;
  private static final int NAME_DIGITS = 16;

  private final Optional<Path> folder;
  private final String machine;
  private final boolean measuring;

  private BatchCurves(Optional<Path> folder, String machine, boolean measuring) {
    this.folder = folder;
    this.machine = machine;
    this.measuring = measuring;
  }

  /** Without measurements: all waiting rows share a pass. */
  public static BatchCurves unmeasured() {
    return new BatchCurves(Optional.empty(), "", /* measuring= */ false);
  }

  public static BatchCurves measured() {
    return new BatchCurves(Optional.empty(), "", /* measuring= */ true);
  }

  /**
   * With measurements, cached in a folder.
   *
   * @param folder created if it does not exist
   * @param machine device, threads and versions, for which cached curves are valid
   */
  public static BatchCurves cachedIn(Path folder, String machine) {
    return new BatchCurves(Optional.of(folder), machine, /* measuring= */ true);
  }

  /**
   * The cached or measured curve of a model.
   *
   * @param slots of the model, not used by others meanwhile
   * @param quiet whether nothing else has used the device; otherwise the curve is not cached
   */
  BatchCurve forModel(
      ModelInfo model,
      SamplingNetwork.Slots slots,
      long spare,
      int largest,
      LongSupplier clock,
      BooleanSupplier quiet) {
    if (!measuring) {
      return BatchCurve.unmeasured(largest);
    }
    int[] sizes = BatchCurve.sizes(largest);
    String key = model.group() + " " + machine;
    Optional<BatchCurve> kept = read(key, sizes);
    if (kept.isPresent()) {
      return kept.get();
    }
    BatchCurve curve = BatchCurve.measure(slots, spare, sizes, LIMIT_MILLIS * 1_000_000, clock);
    LOG.log(
        System.Logger.Level.INFO,
        "Batch curve of {0}: rows {1} take {2} ms, passes of up to {3} rows",
        model.group(),
        Arrays.toString(sizes),
        Arrays.toString(Arrays.stream(curve.nanos()).map(n -> n / 1_000_000).toArray()),
        curve.cap());
    if (quiet.getAsBoolean()) {
      write(key, curve);
    }
    return curve;
  }

  private Optional<Path> file(String key) {
    String digest = Sha256.sha256(key.getBytes(StandardCharsets.UTF_8));
    return folder.map(f -> f.resolve(digest.substring(0, NAME_DIGITS) + ".json"));
  }

  private Optional<BatchCurve> read(String key, int[] sizes) {
    Optional<Path> file = file(key);
    if (file.isEmpty() || !Files.isReadable(file.get())) {
      return Optional.empty();
    }
    try {
      JsonObject json = JsonObject.parse(Files.readAllBytes(file.get()));
      long[] nanos = numbers(json, "nanos");
      long[] of = numbers(json, "sizes");
      boolean same =
          json.requiredString("of").equals(key)
              && Arrays.equals(of, Arrays.stream(sizes).asLongStream().toArray());
      return same ? Optional.of(new BatchCurve(sizes, nanos)) : Optional.empty();
    } catch (IOException | InvalidInputException | IllegalArgumentException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "ignoring cached batch curve {0}: {1}",
          file.get(),
          FileErrors.describe(e));
      return Optional.empty();
    }
  }

  private static long[] numbers(JsonObject json, String name) {
    List<Long> all = json.integers(name, SIZES_MAX, 1, Long.MAX_VALUE).orElse(List.of());
    return all.stream().mapToLong(Long::longValue).toArray();
  }

  private void write(String key, BatchCurve curve) {
    Optional<Path> file = file(key);
    if (file.isEmpty()) {
      return;
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("of", key);
    json.put("sizes", Arrays.stream(curve.sizes()).boxed().toList());
    json.put("nanos", Arrays.stream(curve.nanos()).boxed().toList());
    try {
      Files.createDirectories(file.get().toAbsolutePath().getParent());
      Path temporary = Files.createTempFile(file.get().toAbsolutePath().getParent(), "curve", "");
      Files.write(temporary, JsonText.writePretty(json));
      Files.move(temporary, file.get(), StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING, "cannot cache a batch curve: {0}", FileErrors.describe(e));
    }
  }
}

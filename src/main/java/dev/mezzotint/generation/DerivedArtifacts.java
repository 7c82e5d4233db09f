package dev.mezzotint.generation;

import dev.mezzotint.delivery.AttemptContext;
import dev.mezzotint.delivery.GeneratedImages;
import dev.mezzotint.files.FileErrors;
import dev.mezzotint.generation.input.ConditionInputs;
import dev.mezzotint.generation.input.Frames;
import dev.mezzotint.generation.request.FrameRequest;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.storage.FirstWrite;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.Sha256;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Builds the derived artifacts of a job: grid, clip, contact sheet, and the files inlined in its
 * event. They are built from the stored files, not from this attempt's samples, so that they show
 * what the manifest lists even where an earlier attempt on another device made some of the images.
 *
 * <p>For one attempt. {@link #add} is safe for use by many threads.
 */
final class DerivedArtifacts {
  /** Files inlined in an event, decoded. */
  static final int INLINE_BYTES_MAX = 128 << 10;

  static final int INLINE_COUNT_MAX = 64;

  private final ObjectStore store;
  private final Plan plan;
  private final ConditionInputs conditions;
  private final Set<Integer> sheetFrames = new TreeSet<>();
  private final int variations;
  private final boolean needsAll;
  private final Map<Integer, byte[]> files = new TreeMap<>(); // by index; guarded by itself
  private final List<GeneratedImages.BadFile> badReferences = new ArrayList<>();

  DerivedArtifacts(ObjectStore store, Plan plan, ConditionInputs conditions) {
    this.store = store;
    this.plan = plan;
    this.conditions = conditions;
    this.variations = plan.frames().map(Frames::variations).orElse(1);
    boolean sheet = plan.request().frames().flatMap(FrameRequest::references).isPresent();
    plan.frames()
        .filter(frames -> sheet)
        .ifPresent(frames -> sheetFrames.addAll(ContactSheet.selectFrames(frames, plan.model())));
    GenerationRequest.Output output = plan.request().output();
    this.needsAll = output.grid() || output.clip() || inline();
  }

  private boolean inline() {
    return plan.request().output().inline() && plan.count() <= INLINE_COUNT_MAX;
  }

  /** Keeps the stored file of an image if an artifact needs it. */
  void add(int index, byte[] file) {
    if (needsAll || sheetFrames.contains(index / variations)) {
      synchronized (files) {
        files.put(index, file);
      }
    }
  }

  private Optional<byte[]> file(int index) {
    synchronized (files) {
      return Optional.ofNullable(files.get(index));
    }
  }

  private List<byte[]> allFiles() {
    synchronized (files) {
      return List.copyOf(files.values());
    }
  }

  /**
   * Builds and stores all requested artifacts.
   *
   * @param images all that were made
   * @param failed causes by frame
   */
  GeneratedImages build(
      List<GeneratedImages.Image> images, Map<Integer, String> failed, AttemptContext attempt)
      throws InterruptedException {
    GenerationRequest.Output output = plan.request().output();
    String id = plan.request().id().value();
    Optional<GeneratedImages.File> grid = Optional.empty();
    if (output.grid()) {
      grid = Optional.of(put(Keys.grid(id), Encoding.grid(allFiles(), plan.model()), attempt));
    }
    Optional<GeneratedImages.File> clip = Optional.empty();
    if (output.clip()) {
      clip = Optional.of(put(Keys.clip(id), Encoding.clip(clipFrames(), plan.model()), attempt));
    }
    Optional<GeneratedImages.File> sheet = Optional.empty();
    if (!sheetFrames.isEmpty()) {
      ContactSheet drawn = sheet(failed, attempt);
      if (!drawn.isEmpty()) {
        sheet = Optional.of(put(Keys.sheet(id), Png.encode(drawn.draw()), attempt));
      }
    }
    List<GeneratedImages.BadFile> failedFrames = new ArrayList<>();
    failed.forEach(
        (frame, cause) ->
            failedFrames.add(
                new GeneratedImages.BadFile(
                    plan.frames().orElseThrow().frames().get(frame).input(), cause)));
    return new GeneratedImages(
        Optional.of(plan.settings()),
        images,
        failedFrames,
        badReferences,
        grid,
        sheet,
        clip,
        inline() ? inlined(images) : List.of());
  }

  /** The files of each frame that was made: its variations, shown side by side. */
  private List<List<byte[]>> clipFrames() {
    List<List<byte[]>> frames = new ArrayList<>();
    for (int first = 0; first < plan.count(); first += variations) {
      List<byte[]> row = variations(first);
      if (!row.isEmpty()) {
        frames.add(row);
      }
    }
    return frames;
  }

  private List<byte[]> variations(int first) {
    List<byte[]> row = new ArrayList<>();
    for (int index = first; index < first + variations; index++) {
      file(index).ifPresent(row::add);
    }
    return row;
  }

  private ContactSheet sheet(Map<Integer, String> failed, AttemptContext attempt)
      throws InterruptedException {
    ContactSheet sheet = new ContactSheet(plan.model());
    for (int place : sheetFrames) {
      if (!failed.containsKey(place)) {
        Frames.Frame frame = plan.frames().orElseThrow().frames().get(place);
        attempt.check();
        List<Pixels> inputs = attempt.withRetry(() -> inputs(frame, place));
        sheet.addFiles(inputs, variations(place * variations));
      }
    }
    return sheet;
  }

  /** A frame's condition and its reference, which is white where there is none. */
  private List<Pixels> inputs(Frames.Frame frame, int place) {
    List<Pixels> inputs = new ArrayList<>();
    try {
      inputs.addAll(conditions.visualize(frame));
    } catch (IOException e) {
      throw new IllegalStateException("the condition of " + frame.input() + " has changed", e);
    }
    try {
      inputs.add(
          conditions
              .reference(frame, place)
              .orElseThrow(() -> new IOException("there is no reference of this name")));
    } catch (IOException e) {
      badReferences.add(new GeneratedImages.BadFile(frame.input(), FileErrors.reason(e)));
      inputs.add(ContactSheet.blank(plan.model()));
    }
    return inputs;
  }

  private List<GeneratedImages.InlineFile> inlined(List<GeneratedImages.Image> images) {
    long bytes = images.stream().mapToLong(GeneratedImages.Image::bytes).sum();
    if (bytes > INLINE_BYTES_MAX) {
      return List.of();
    }
    List<GeneratedImages.InlineFile> inlined = new ArrayList<>();
    List<byte[]> all = allFiles();
    for (int i = 0; i < all.size(); i++) {
      String data = Base64.getEncoder().encodeToString(all.get(i));
      inlined.add(GeneratedImages.InlineFile.png(images.get(i).key(), data));
    }
    return inlined;
  }

  private GeneratedImages.File put(String key, byte[] png, AttemptContext attempt)
      throws InterruptedException {
    byte[] stored =
        attempt.withRetry(() -> FirstWrite.createOrRead(store, key, png, ContentType.PNG));
    return new GeneratedImages.File(key, Sha256.sha256(stored), stored.length);
  }
}

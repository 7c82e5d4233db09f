package dev.mezzotint.generation;

import dev.mezzotint.delivery.AttemptContext;
import dev.mezzotint.delivery.GeneratedImages;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a job makes of its pictures: grid, clip, contact sheet, and the files themselves where they
 * are to be in the event. For one attempt and one thread.
 */
final class DerivedArtifacts {
  /** Files that go with an event, decoded. */
  static final int INLINE_BYTES_MAX = 128 << 10;

  static final int INLINE_COUNT_MAX = 64;

  private final ObjectStore store;
  private final Plan plan;
  private final ConditionInputs conditions;
  private final Set<Integer> sheetFrames;
  private final KeptFiles files;
  private final List<GeneratedImages.BadFile> badReferences = new ArrayList<>();

  DerivedArtifacts(ObjectStore store, Plan plan, ConditionInputs conditions) {
    this.store = store;
    this.plan = plan;
    this.conditions = conditions;
    this.sheetFrames = new TreeSet<>();
    boolean sheet = plan.request().frames().flatMap(FrameRequest::references).isPresent();
    plan.frames()
        .filter(frames -> sheet)
        .ifPresent(frames -> sheetFrames.addAll(ContactSheet.selectFrames(frames, plan.model())));
    GenerationRequest.Output output = plan.request().output();
    boolean all = output.grid() || output.clip() || inline();
    int variations = plan.frames().map(Frames::variations).orElse(1);
    this.files = new KeptFiles(index -> all || sheetFrames.contains(index / variations));
  }

  private boolean inline() {
    return plan.request().output().inline() && plan.count() <= INLINE_COUNT_MAX;
  }

  /** Takes the pictures' files while they are made. */
  KeptFiles files() {
    return files;
  }

  /**
   * Everything together.
   *
   * @param failed causes by frame
   */
  GeneratedImages of(
      List<GeneratedImages.Image> images, Map<Integer, String> failed, AttemptContext watch)
      throws InterruptedException {
    GenerationRequest.Output output = plan.request().output();
    String id = plan.request().id().value();
    Optional<GeneratedImages.File> grid = Optional.empty();
    if (output.grid()) {
      grid = Optional.of(keep(Keys.grid(id), Encoding.grid(files.all(), plan.model()), watch));
    }
    Optional<GeneratedImages.File> clip = Optional.empty();
    if (output.clip()) {
      int beside = plan.frames().map(Frames::variations).orElse(1);
      byte[] png = Encoding.clip(clipFrames(beside), plan.model());
      clip = Optional.of(keep(Keys.clip(id), png, watch));
    }
    Optional<GeneratedImages.File> sheet = Optional.empty();
    if (!sheetFrames.isEmpty()) {
      Optional<byte[]> png = sheet(failed, watch);
      if (png.isPresent()) {
        sheet = Optional.of(keep(Keys.sheet(id), png.get(), watch));
      }
    }
    return new GeneratedImages(
        Optional.of(plan.settings()),
        images,
        failedFrames(failed),
        badReferences,
        grid,
        sheet,
        clip,
        inline() ? inlined(images) : Map.of());
  }

  private List<GeneratedImages.BadFile> failedFrames(Map<Integer, String> failed) {
    List<GeneratedImages.BadFile> frames = new ArrayList<>();
    failed.forEach(
        (frame, cause) ->
            frames.add(
                new GeneratedImages.BadFile(
                    plan.frames().orElseThrow().frames().get(frame).input(), cause)));
    return frames;
  }

  /** Variations beside each other, one row of files for each frame that was made. */
  private List<List<byte[]>> clipFrames(int beside) {
    List<List<byte[]>> frames = new ArrayList<>();
    for (int first = 0; first < plan.count(); first += beside) {
      List<byte[]> row = new ArrayList<>();
      for (int index = first; index < first + beside; index++) {
        files.get(index).ifPresent(row::add);
      }
      if (!row.isEmpty()) {
        frames.add(row);
      }
    }
    return frames;
  }

  private Optional<byte[]> sheet(Map<Integer, String> failed, AttemptContext watch)
      throws InterruptedException {
    Frames frames = plan.frames().orElseThrow();
    ContactSheet sheet = new ContactSheet(plan.model());
    for (int place : sheetFrames) {
      if (failed.containsKey(place)) {
        continue;
      }
      Frames.Frame frame = frames.frames().get(place);
      watch.check();
      List<Pixels> shown = watch.withRetry(() -> shown(frame, place));
      List<byte[]> made = new ArrayList<>();
      for (int v = 0; v < frames.variations(); v++) {
        files.get(place * frames.variations() + v).ifPresent(made::add);
      }
      sheet.add(shown, made);
    }
    return sheet.isEmpty() ? Optional.empty() : Optional.of(Png.encode(sheet.draw()));
  }

  /** A frame's condition and its reference, white where there is none. */
  private List<Pixels> shown(Frames.Frame frame, int place) {
    List<Pixels> shown = new ArrayList<>();
    try {
      shown.addAll(conditions.visualize(frame));
    } catch (IOException e) {
      throw new IllegalStateException(frame.input() + " was there a moment ago", e);
    }
    try {
      shown.add(conditions.reference(frame, place));
    } catch (IOException e) {
      badReferences.add(new GeneratedImages.BadFile(frame.input(), String.valueOf(e.getMessage())));
      shown.add(ContactSheet.blank(plan.model()));
    }
    return shown;
  }

  private Map<String, String> inlined(List<GeneratedImages.Image> images) {
    long bytes = images.stream().mapToLong(GeneratedImages.Image::bytes).sum();
    if (bytes > INLINE_BYTES_MAX) {
      return Map.of();
    }
    Map<String, String> data = new LinkedHashMap<>();
    List<byte[]> all = files.all();
    for (int i = 0; i < all.size(); i++) {
      data.put(images.get(i).key(), Base64.getEncoder().encodeToString(all.get(i)));
    }
    return data;
  }

  private GeneratedImages.File keep(String key, byte[] png, AttemptContext watch)
      throws InterruptedException {
    byte[] standing = watch.withRetry(() -> FirstWrite.standing(store, key, png, ContentType.PNG));
    return new GeneratedImages.File(key, Sha256.sha256(standing), standing.length);
  }
}

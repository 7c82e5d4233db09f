package dev.mezzotint.cli;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.files.FileErrors;
import dev.mezzotint.files.FileNames;
import dev.mezzotint.generation.ContactSheet;
import dev.mezzotint.generation.input.ConditionDecoder;
import dev.mezzotint.generation.input.ConditionInputs;
import dev.mezzotint.generation.input.Frames;
import dev.mezzotint.generation.request.CanvasRequest;
import dev.mezzotint.image.Apng;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.image.Resize;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.SamplingJob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options for the condition, and for the number, names and derived files of its frames. */
final class FrameOptions {
  private static final int CLIP_MILLIS = 40;

  @Option(
      names = "--condition",
      paramLabel = "[PART=]PATH",
      description =
          "Condition of the network: an image for all rows, a folder or zip with one image per"
              + " frame, or FILE.safetensors[:KEY], N x K x H x W; once for each part of the"
              + " model's condition. Frames of a folder or zip keep its names.")
  private List<String> given = List.of();

  @Option(
      names = "--variations",
      paramLabel = "N",
      defaultValue = "1",
      description = "Frames of each file of a folder or zip, NAME-1.png...; default 1, NAME.png.")
  private int variations = 1;

  @Option(
      names = "--noise",
      completionCandidates = Choices.Noise.class,
      paramLabel = "KIND",
      defaultValue = "per-frame",
      description =
          "per-frame, or shared: one x0 for all frames of a variation; default per-frame.")
  private String noise = "per-frame";

  @Option(
      names = "--nearest",
      description = "Use the nearest colour where a label map's colour is not in the palette.")
  private boolean nearest;

  @Option(
      names = "--resize",
      description = "Scale conditions of another size, label maps by the nearest pixel.")
  private boolean resize;

  @Option(
      names = "--references",
      paramLabel = "PATH",
      description = "Folder or zip of the expected frames; also writes sheet.png.")
  private @Nullable Path references;

  @Option(names = "--clip", description = "Also write clip.png, the frames as an animation.")
  private boolean clip;

  @Option(
      names = "--clip-conditions",
      description = "As --clip, with each frame's condition on its left.")
  private boolean clipConditions;

  private Optional<Frames> frames = Optional.empty();
  private @Nullable ConditionInputs inputs;
  private @Nullable Tensor tensor;

  boolean isGiven() {
    return !given.isEmpty();
  }

  boolean shared() {
    return noise.equals("shared");
  }

  int variations() {
    return variations;
  }

  /** Validates the options and opens the files; the caller calls {@link #close}. */
  void open(ModelInfo info) throws IOException {
    refuseIf(
        !List.of("per-frame", "shared").contains(noise),
        "--noise",
        "must be per-frame or shared, not %s",
        noise);
    refuseIf(
        variations < 1 || variations > LocalImages.COUNT_MAX,
        "--variations",
        "must be from 1 to %s",
        LocalImages.COUNT_MAX);
    refuseIf(
        given.isEmpty() && info.condition().stream().anyMatch(part -> !part.optional()),
        "--condition",
        "is needed: the model takes %s channels",
        info.conditionChannels());
    refuseIf(
        !given.isEmpty() && info.conditionChannels() == 0,
        "--condition",
        ": the model takes no condition");
    if (given.size() == 1 && given.get(0).contains(".safetensors")) {
      tensor = TensorFile.read("--condition", given.get(0), 4);
    } else {
      ConditionInputs opened =
          ConditionFiles.open(
              new ConditionDecoder(info, nearest, resize), given, Optional.ofNullable(references));
      inputs = opened;
      frames =
          opened.hasFrames() ? Optional.of(opened.frames(variations, shared())) : Optional.empty();
    }
    for (Frames.Frame frame : frames.map(Frames::frames).orElse(List.of())) {
      FileNames.problem(frame.name())
          .ifPresent(problem -> refuseIf(true, "--condition", ": %s: %s", frame.name(), problem));
    }
    refuseIf(
        (nearest || resize) && (given.isEmpty() || tensor != null),
        nearest ? "--nearest" : "--resize",
        "is for a --condition of images");
    if (frames.isEmpty() && (variations > 1 || shared() || references != null || clipConditions)) {
      throw new InvalidInputException(
          "--condition",
          "--variations, --noise, --references and --clip-conditions are for a --condition that is"
              + " a folder or zip");
    }
  }

  /** The size of the first condition's image, for a canvas. */
  CanvasRequest.Size sizeOfFirst(ModelInfo info) {
    refuseIf(
        given.isEmpty() || given.get(0).contains(".safetensors"),
        "--canvas",
        "needs a size such as 1024x512, or a --condition of images whose size it takes");
    try (ConditionInputs opened =
        ConditionFiles.open(new ConditionDecoder(info, nearest, resize), given, Optional.empty())) {
      return opened.sizeOfFirst("--canvas");
    }
  }

  void close() {
    if (inputs != null) {
      inputs.close();
    }
  }

  /** Frames named after the files of a folder or zip; empty where there is none. */
  Optional<Frames> frames() {
    return frames;
  }

  List<SamplingJob.Condition> conditions(ModelInfo info, int n) {
    ConditionInputs opened = inputs;
    if (opened == null) {
      return ofTensor(Objects.requireNonNull(tensor), info, n);
    }
    if (frames.isEmpty()) {
      return Collections.nCopies(n, opened.condition(0));
    }
    List<SamplingJob.Condition> all = new ArrayList<>();
    for (Frames.Frame frame : frames.get().frames()) {
      all.addAll(Collections.nCopies(variations, opened.requireCondition(frame)));
    }
    return all;
  }

  private static List<SamplingJob.Condition> ofTensor(Tensor tensor, ModelInfo info, int n) {
    long[] wanted = {n, info.conditionChannels(), info.height(), info.width()};
    if (!Arrays.equals(tensor.shape(), wanted)) {
      throw new InvalidInputException(
          "--condition",
          "--condition is "
              + Arrays.toString(tensor.shape())
              + ", the model takes "
              + Arrays.toString(wanted));
    }
    return Arrays.stream(TensorFile.rows(tensor))
        .<SamplingJob.Condition>map(SamplingJob.Condition.Given::new)
        .toList();
  }

  /** Writes the contact sheet and the clip, if requested; returns their names. */
  List<String> write(Path out, ModelInfo info, float[][] samples, int scale) throws IOException {
    List<String> written = new ArrayList<>();
    List<Pixels> images = new ArrayList<>();
    for (float[] sample : samples) {
      if (clip || clipConditions || references != null) {
        images.add(info.pixels(sample).withChannels(3));
      }
    }
    if (clip || clipConditions) {
      Files.write(out.resolve("clip.png"), clip(images, scale));
      written.add("clip.png");
    }
    if (references != null) {
      Files.write(out.resolve("sheet.png"), sheet(info, images, scale));
      written.add("sheet.png");
    }
    return written;
  }

  private byte[] clip(List<Pixels> images, int scale) throws IOException {
    List<Pixels> drawn = new ArrayList<>();
    for (int first = 0; first < images.size(); first += variations) {
      List<Pixels> shown = new ArrayList<>();
      if (clipConditions) {
        Frames.Frame frame = frames.orElseThrow().frames().get(first / variations);
        shown.addAll(Objects.requireNonNull(inputs).visualize(frame));
      }
      shown.addAll(images.subList(first, first + variations));
      drawn.add(Resize.enlarge(ContactSheet.sideBySide(shown), scale));
    }
    refuseIf(
        drawn.size() > Apng.FRAMES_MAX,
        "--clip",
        "is for at most %s frames, not %s",
        Apng.FRAMES_MAX,
        drawn.size());
    return Apng.encode(drawn, CLIP_MILLIS, CLIP_MILLIS);
  }

  private byte[] sheet(ModelInfo info, List<Pixels> images, int scale) throws IOException {
    Frames named = frames.orElseThrow();
    ConditionInputs opened = Objects.requireNonNull(inputs);
    ContactSheet sheet = new ContactSheet(info);
    for (int place : ContactSheet.selectFrames(named, info)) {
      Frames.Frame frame = named.frames().get(place);
      List<Pixels> inputsShown = new ArrayList<>(opened.visualize(frame));
      try {
        inputsShown.add(opened.reference(frame, place).orElseGet(() -> ContactSheet.blank(info)));
      } catch (IOException e) {
        throw new InvalidInputException(
            "--references", "--references: " + frame.name() + " " + FileErrors.reason(e), e);
      }
      sheet.addRow(inputsShown, images.subList(place * variations, (place + 1) * variations));
    }
    return Png.encode(Resize.enlarge(sheet.draw(), scale));
  }
}

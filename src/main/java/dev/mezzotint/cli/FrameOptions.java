package dev.mezzotint.cli;

import dev.mezzotint.dataset.ImageFiles;
import dev.mezzotint.generation.ContactSheet;
import dev.mezzotint.generation.input.ConditionDecoder;
import dev.mezzotint.generation.input.Frames;
import dev.mezzotint.image.Apng;
import dev.mezzotint.image.ImageReader;
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
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the network sees beside x, and how frames that are made of it are counted and shown. */
final class FrameOptions {
  private static final int CLIP_MILLIS = 40;

  @Option(
      names = "--condition",
      paramLabel = "[PART=]PATH",
      description =
          "What the network sees beside x: a picture for all, a folder or zip with one for each"
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
      paramLabel = "KIND",
      defaultValue = "per-frame",
      description =
          "per-frame, or shared: one x0 for all frames of a variation; default per-frame.")
  private String noise = "per-frame";

  @Option(
      names = "--nearest",
      description = "Take the nearest colour where a label map's is not in the palette.")
  private boolean nearest;

  @Option(
      names = "--resize",
      description = "Scale conditions of another size, label maps by the nearest pixel.")
  private boolean resize;

  @Option(
      names = "--references",
      paramLabel = "PATH",
      description = "Folder or zip of what the frames should look like; also writes sheet.png.")
  private @Nullable Path references;

  @Option(names = "--clip", description = "Also write clip.png, the frames as an animation.")
  private boolean clip;

  private Optional<Frames> frames = Optional.empty();
  private @Nullable ConditionFiles conditions;
  private @Nullable Tensor tensor;

  boolean shared() {
    return noise.equals("shared");
  }

  int variations() {
    return variations;
  }

  /** Looks at what there is; the caller closes it. */
  void open(ModelInfo info) throws IOException {
    if (!List.of("per-frame", "shared").contains(noise)) {
      throw new InvalidInputException(
          "--noise", "--noise must be per-frame or shared, not " + noise);
    }
    if (variations < 1 || variations > LocalImages.COUNT_MAX) {
      throw new InvalidInputException(
          "--variations", "--variations must be from 1 to " + LocalImages.COUNT_MAX);
    }
    if (given.isEmpty() && info.condition().stream().anyMatch(part -> !part.optional())) {
      throw new InvalidInputException(
          "--condition",
          "--condition is needed: the model takes " + info.conditionChannels() + " channels");
    }
    if (!given.isEmpty() && info.conditionChannels() == 0) {
      throw new InvalidInputException("--condition", "--condition: the model takes no condition");
    }
    if (given.size() == 1 && given.get(0).contains(".safetensors")) {
      tensor = TensorFile.read("--condition", given.get(0), 4);
    } else {
      ConditionFiles opened =
          ConditionFiles.open(new ConditionDecoder(info, nearest, resize), given);
      conditions = opened;
      if (opened.named()) {
        frames = Optional.of(opened.frames(variations, shared()));
      }
    }
    if ((nearest || resize) && (given.isEmpty() || tensor != null)) {
      String option = nearest ? "--nearest" : "--resize";
      throw new InvalidInputException(option, option + " is for a --condition of pictures");
    }
    boolean frameWords = variations > 1 || shared() || references != null;
    if (frames.isEmpty() && frameWords) {
      throw new InvalidInputException(
          "--condition",
          "--variations, --noise and --references are for a --condition that is a folder or zip");
    }
  }

  void close() throws IOException {
    if (conditions != null) {
      conditions.close();
    }
  }

  /** Frames named after the files of a folder or zip; empty where there is none. */
  Optional<Frames> frames() {
    return frames;
  }

  /** The condition of each of {@code n} rows. */
  List<SamplingJob.Condition> conditions(ModelInfo info, int n) {
    if (tensor != null) {
      return ofTensor(tensor, info, n);
    }
    ConditionFiles opened = conditions;
    if (opened == null || given.isEmpty()) { // zeros stand for all parts that are left out
      int values = info.conditionChannels() * info.height() * info.width();
      return Collections.nCopies(n, new SamplingJob.Condition.Given(new float[values]));
    }
    List<SamplingJob.Condition> all = new ArrayList<>();
    if (frames.isEmpty()) {
      Frames one = opened.frames(1, false);
      return Collections.nCopies(n, opened.condition(one.frames().get(0)));
    }
    for (Frames.Frame frame : frames.get().frames()) {
      all.addAll(Collections.nCopies(variations, opened.condition(frame)));
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
    float[] values = tensor.toFloats();
    int length = values.length / n;
    List<SamplingJob.Condition> all = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      float[] own = Arrays.copyOfRange(values, i * length, (i + 1) * length);
      all.add(new SamplingJob.Condition.Given(own));
    }
    return all;
  }

  /** The contact sheet and the clip, where they were asked for; returns their names. */
  List<String> write(Path out, ModelInfo info, float[][] samples) throws IOException {
    List<String> written = new ArrayList<>();
    if (!clip && references == null) {
      return written;
    }
    List<Pixels> pictures = new ArrayList<>();
    for (float[] sample : samples) {
      pictures.add(
          Pixels.fromChw(sample, 0, info.channels(), info.height(), info.width()).withChannels(3));
    }
    if (clip) {
      clip(out, pictures);
      written.add("clip.png");
    }
    if (references != null) {
      sheet(out, info, pictures, references);
      written.add("sheet.png");
    }
    return written;
  }

  private void clip(Path out, List<Pixels> pictures) throws IOException {
    List<Pixels> drawn = new ArrayList<>();
    for (int first = 0; first < pictures.size(); first += variations) {
      drawn.add(ContactSheet.sideBySide(pictures.subList(first, first + variations)));
    }
    if (drawn.size() > Apng.FRAMES_MAX) {
      throw new InvalidInputException(
          "--clip", "--clip is for at most " + Apng.FRAMES_MAX + " frames, not " + drawn.size());
    }
    Files.write(out.resolve("clip.png"), Apng.encode(drawn, CLIP_MILLIS, CLIP_MILLIS));
  }

  private void sheet(Path out, ModelInfo info, List<Pixels> pictures, Path path)
      throws IOException {
    Frames named = frames.orElseThrow();
    ContactSheet sheet = new ContactSheet(info);
    try (ImageFiles files = ImageFiles.open(path)) {
      var places = Frames.positionsByStem(files.names());
      for (int place : ContactSheet.selectFrames(named, info)) {
        Frames.Frame frame = named.frames().get(place);
        List<Pixels> shown =
            new ArrayList<>(java.util.Objects.requireNonNull(conditions).shown(frame));
        Integer position = places.get(frame.name());
        shown.add(
            position == null
                ? ContactSheet.blank(info)
                : reference(files, files.names().get(position), info));
        sheet.addRow(shown, pictures.subList(place * variations, (place + 1) * variations));
      }
    }
    Files.write(out.resolve("sheet.png"), Png.encode(sheet.draw()));
  }

  private static Pixels reference(ImageFiles files, String name, ModelInfo info) {
    try {
      return Resize.cover(
          ImageReader.read(files.bytes(name), /* channels= */ 3), info.width(), info.height());
    } catch (IOException e) {
      throw new InvalidInputException(
          "--references", "--references: " + name + " " + e.getMessage(), e);
    }
  }
}

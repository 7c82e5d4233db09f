package dev.mezzotint.cli;

import dev.mezzotint.dataset.ImageFiles;
import dev.mezzotint.generation.input.ConditionDecoder;
import dev.mezzotint.generation.input.Frames;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.sampling.SamplingJob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The pictures that {@code --condition} gives the network to see beside x: one for all, or a folder
 * or zip with one for each frame, for each part of the model's condition. Used by one thread, which
 * closes it.
 */
public final class ConditionFiles implements AutoCloseable {
  private static final String OPTION = "--condition";

  private final ConditionDecoder decoder;
  private final List<ConditionPart> parts;

  /** One for each part, null where it is left out. */
  private final @Nullable Source[] sources;

  /**
   * @param path of the picture, folder or zip
   * @param files null where the path is one picture, which serves all frames
   */
  private record Source(Path path, @Nullable ImageFiles files) {

    static Source open(String option, String text) {
      Path path = Path.of(text);
      boolean zip = text.toLowerCase(Locale.ROOT).endsWith(".zip");
      if (Files.isRegularFile(path) && !zip) {
        return new Source(path, null);
      }
      try {
        ImageFiles files = ImageFiles.open(path);
        if (files.names().isEmpty()) {
          files.close();
          throw new InvalidInputException(option, option + ": " + path + " holds no pictures");
        }
        return new Source(path, files);
      } catch (IOException e) {
        throw new InvalidInputException(
            option, option + ": " + path + " cannot be read: " + e.getMessage(), e);
      }
    }

    List<String> names() {
      return files == null ? List.of(String.valueOf(path.getFileName())) : files.names();
    }

    byte[] bytes(int position) throws IOException {
      return files == null ? SmallFile.read(path) : files.bytes(files.names().get(position));
    }

    String shown(int position) {
      return files == null ? path.toString() : files.names().get(position);
    }
  }

  private ConditionFiles(ConditionDecoder decoder) {
    this.decoder = decoder;
    this.parts = decoder.model().condition();
    this.sources = new @Nullable Source[parts.size()];
  }

  /**
   * @param given {@code PATH}, or {@code PART=PATH} for each part of the model's condition
   */
  public static ConditionFiles open(ConditionDecoder decoder, List<String> given) {
    ConditionFiles conditions = new ConditionFiles(decoder);
    conditions.parts.forEach(part -> checkKind(part, conditions.parts));
    Map<String, String> paths = conditions.paths(given);
    for (int i = 0; i < conditions.sources.length; i++) {
      ConditionPart part = conditions.parts.get(i);
      String path = paths.get(part.name());
      if (path != null) {
        conditions.sources[i] = Source.open(OPTION, path);
      } else if (!part.optional()) {
        throw new InvalidInputException(
            OPTION, OPTION + " " + part.name() + "=PATH is missing: the model needs it");
      }
    }
    return conditions;
  }

  private static void checkKind(ConditionPart part, List<ConditionPart> parts) {
    if (part.kind() == ConditionPart.Kind.TENSOR) {
      throw new InvalidInputException(
          OPTION,
          OPTION
              + ": the model takes "
              + parts.stream().map(p -> p.name() + " (" + p.kind().wireName() + ")").toList()
              + ": give them as one tensor, FILE.safetensors[:KEY]");
    }
    if (part.kind() == ConditionPart.Kind.LABELS && part.palette().isEmpty()) {
      throw new InvalidInputException(
          OPTION, OPTION + ": the model's card has no palette for " + part.name());
    }
  }

  private Map<String, String> paths(List<String> given) {
    Map<String, String> paths = new LinkedHashMap<>();
    for (String text : given) {
      Optional<ConditionPart> named =
          parts.stream().filter(part -> text.startsWith(part.name() + "=")).findFirst();
      if (named.isEmpty() && parts.size() != 1) {
        throw new InvalidInputException(
            OPTION,
            OPTION
                + " must be PART=PATH with a part of "
                + parts.stream().map(ConditionPart::name).toList()
                + ", not "
                + text);
      }
      String name = named.map(ConditionPart::name).orElseGet(() -> parts.get(0).name());
      String path = named.isPresent() ? text.substring(name.length() + 1) : text;
      if (paths.put(name, path) != null) {
        throw new InvalidInputException(OPTION, OPTION + " is given twice for " + name);
      }
    }
    return paths;
  }

  /** Whether there is a folder or zip, whose files frames are named after. */
  boolean named() {
    for (Source source : sources) {
      if (source != null && source.files() != null) {
        return true;
      }
    }
    return false;
  }

  /**
   * @throws InvalidInputException naming the first file that cannot become a frame
   */
  public Frames frames(int variations, boolean shared) {
    List<Frames.Part> found = new ArrayList<>();
    for (int i = 0; i < sources.length; i++) {
      Source source = sources[i];
      found.add(
          new Frames.Part(
              parts.get(i).name(),
              source == null ? List.of() : source.names(),
              source != null && source.files() == null,
              /* listed= */ false));
    }
    Frames frames = Frames.of(found, variations, shared);
    for (Frames.Frame frame : frames.frames()) {
      if (frame.fault().isPresent()) {
        throw new InvalidInputException(
            OPTION, OPTION + ": " + frame.input() + ": " + frame.fault().get());
      }
    }
    return frames;
  }

  /**
   * What a frame's network sees.
   *
   * @throws InvalidInputException naming the file that is not what the model takes
   */
  public SamplingJob.Condition condition(Frames.Frame frame) {
    return decoder.condition(pictures(frame));
  }

  /** The same as a person sees it, in colour. */
  List<Pixels> shown(Frames.Frame frame) {
    List<Pixels> shown = new ArrayList<>();
    List<Optional<Pixels>> decoded = pictures(frame);
    for (int i = 0; i < decoded.size(); i++) {
      if (decoded.get(i).isPresent()) {
        shown.add(ConditionDecoder.visualize(parts.get(i), decoded.get(i).get()));
      }
    }
    return shown;
  }

  private List<Optional<Pixels>> pictures(Frames.Frame frame) {
    List<Optional<Pixels>> decoded = new ArrayList<>();
    for (int i = 0; i < sources.length; i++) {
      Source source = sources[i];
      if (source == null) {
        decoded.add(Optional.empty());
        continue;
      }
      int position = frame.positions().get(i);
      try {
        decoded.add(Optional.of(decoder.decode(parts.get(i), source.bytes(position))));
      } catch (IOException e) {
        throw new InvalidInputException(
            OPTION, OPTION + ": " + source.shown(position) + " " + e.getMessage(), e);
      }
    }
    return decoded;
  }

  @Override
  public void close() throws IOException {
    for (Source source : sources) {
      if (source != null && source.files() != null) {
        source.files().close();
      }
    }
  }
}

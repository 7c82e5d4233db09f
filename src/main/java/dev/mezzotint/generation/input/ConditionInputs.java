package dev.mezzotint.generation.input;

import dev.mezzotint.files.FileErrors;
import dev.mezzotint.generation.request.CanvasRequest;
import dev.mezzotint.generation.request.ConditionRequest;
import dev.mezzotint.generation.request.ConditionSource;
import dev.mezzotint.generation.request.FrameRequest;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Resize;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.SamplingJob;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The conditions of the rows of one job, and the references of its frames. Images are read and
 * decoded when a row needs them; an image that all rows share is read once. Used by one thread,
 * which closes it.
 */
public final class ConditionInputs implements AutoCloseable {
  private final ConditionDecoder decoder;
  private final List<ConditionPart> parts;

  /** One for each of the model's parts; empty for a part that is left out. */
  private final List<Optional<Source>> sources = new ArrayList<>();

  private final Map<Integer, Pixels> sharedImages = new HashMap<>(); // by part
  private Optional<Source> references = Optional.empty();
  private Map<String, Integer> referencePositions = Map.of();

  /**
   * The files of one part, or the references.
   *
   * @param field request field or command line option, for exceptions
   * @param name how messages name the source
   * @param shared its only file serves all rows
   * @param listed files belong to frames by position, not by name
   */
  private record Source(
      String field, String name, InputFiles files, boolean shared, boolean listed) {

    static Source open(
        String field,
        ConditionSource source,
        InputFetcher fetcher,
        int countMax,
        boolean shareSingle) {
      try {
        InputFiles files = InputFiles.open(source, fetcher, countMax);
        boolean shared =
            source instanceof ConditionSource.Shared || (shareSingle && files.names().size() == 1);
        return new Source(field, field, files, shared, !source.needsListing());
      } catch (IOException e) {
        throw new InvalidInputException(field, field + ": " + FileErrors.reason(e), e);
      }
    }

    static Source local(String option, Path path) {
      String name = option + ": " + path;
      try {
        InputFiles files = InputFiles.local(path);
        if (files.names().isEmpty()) {
          files.close();
          throw new InvalidInputException(option, name + " holds no images");
        }
        return new Source(option, name, files, InputFiles.isSingleFile(path), /* listed= */ false);
      } catch (IOException e) {
        throw new InvalidInputException(
            option, name + " cannot be read: " + FileErrors.reason(e), e);
      }
    }

    InvalidInputException refuse(int position, String what, Exception cause) {
      return new InvalidInputException(
          field + what, name + what + ": " + files.reason(position, cause), cause);
    }
  }

  private ConditionInputs(ConditionDecoder decoder) {
    this.decoder = decoder;
    this.parts = decoder.model().condition();
  }

  /**
   * Opens the sources that a request references; reads no images.
   *
   * @param countMax files of a prefix or zip
   * @throws InvalidInputException naming the source that cannot be read
   * @throws dev.mezzotint.storage.StorageException if the store is unavailable
   */
  public static ConditionInputs open(
      GenerationRequest request, ModelInfo model, InputFetcher fetcher, int countMax) {
    ConditionRequest condition = request.condition();
    ConditionInputs inputs =
        new ConditionInputs(new ConditionDecoder(model, condition.nearest(), condition.resize()));
    boolean only = condition.parts().containsKey(ConditionRequest.ONLY);
    try {
      List<Optional<ConditionSource>> given = condition.sourcesFor(model);
      for (int i = 0; i < given.size(); i++) {
        String field =
            ConditionRequest.field(only ? ConditionRequest.ONLY : inputs.parts.get(i).name());
        boolean shareSingle = request.frames().isEmpty();
        inputs.sources.add(
            given.get(i).map(s -> Source.open(field, s, fetcher, countMax, shareSingle)));
      }
      inputs.references(
          request
              .frames()
              .flatMap(FrameRequest::references)
              .map(s -> Source.open("references", s, fetcher, countMax, /* shareSingle= */ false)));
      return inputs;
    } catch (RuntimeException e) {
      inputs.close();
      throw e;
    }
  }

  /**
   * Opens local images, folders and zips.
   *
   * @param option that names the paths, for exceptions
   * @param paths by the name of the model's part
   * @throws InvalidInputException naming the path that cannot be read
   */
  public static ConditionInputs local(
      ConditionDecoder decoder, String option, Map<String, Path> paths, Optional<Path> references) {
    ConditionInputs inputs = new ConditionInputs(decoder);
    try {
      for (ConditionPart part : inputs.parts) {
        inputs.sources.add(
            Optional.ofNullable(paths.get(part.name())).map(path -> Source.local(option, path)));
      }
      inputs.references(references.map(path -> Source.local("--references", path)));
      return inputs;
    } catch (RuntimeException e) {
      inputs.close();
      throw e;
    }
  }

  private void references(Optional<Source> source) {
    references = source;
    referencePositions =
        source.map(found -> Frames.positionsByStem(found.files().names())).orElse(Map.of());
  }

  /** Whether a source has files for each row, by which frames are counted and named. */
  public boolean hasFrames() {
    return sources.stream().flatMap(Optional::stream).anyMatch(source -> !source.shared());
  }

  /** The frames: one for each file. */
  public Frames frames(int variations, boolean sharedNoise) {
    List<Frames.Part> found = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      String name = parts.get(i).name();
      found.add(
          sources
              .get(i)
              .map(one -> new Frames.Part(name, one.files().names(), one.shared(), one.listed()))
              .orElseGet(() -> new Frames.Part(name, List.of(), false, false)));
    }
    return Frames.of(found, variations, sharedNoise);
  }

  /**
   * The size in pixels of the first condition's image.
   *
   * @param field that asks for it, for the exception
   * @throws InvalidInputException if the image cannot be read
   */
  public CanvasRequest.Size sizeOfFirst(String field) {
    Source first =
        sources.stream()
            .flatMap(Optional::stream)
            .findFirst()
            .orElseThrow(
                () -> new InvalidInputException(field, field + " needs a size: width and height"));
    try {
      int[] size = ImageReader.size(first.files().bytes(0));
      return new CanvasRequest.Size(size[0], size[1]);
    } catch (IOException e) {
      throw first.refuse(0, "", e);
    }
  }

  /**
   * Condition of image {@code index} of a request without frames.
   *
   * @throws InvalidInputException naming the field
   */
  public SamplingJob.Condition condition(int index) {
    List<Optional<Pixels>> decoded = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      boolean shared = sources.get(i).map(Source::shared).orElse(true);
      try {
        decoded.add(decode(i, shared ? 0 : index));
      } catch (IOException e) {
        throw sources.get(i).orElseThrow().refuse(shared ? 0 : index, "[" + index + "]", e);
      }
    }
    return decoder.condition(decoded);
  }

  /**
   * Condition of a frame.
   *
   * @throws IOException if one of its own files is invalid; one sentence
   * @throws InvalidInputException if a file that all frames share is invalid
   */
  public SamplingJob.Condition condition(Frames.Frame frame) throws IOException {
    return decoder.condition(decode(frame));
  }

  /**
   * As {@link #condition(Frames.Frame)}, for callers that need every frame.
   *
   * @throws InvalidInputException naming the file that is invalid
   */
  public SamplingJob.Condition requireCondition(Frames.Frame frame) {
    try {
      return condition(frame);
    } catch (IOException e) {
      String field = sources.stream().flatMap(Optional::stream).findFirst().orElseThrow().field();
      throw new InvalidInputException(
          field, field + ": " + frame.input() + ": " + FileErrors.reason(e), e);
    }
  }

  private List<Optional<Pixels>> decode(Frames.Frame frame) throws IOException {
    if (frame.fault().isPresent()) {
      throw new IOException(frame.fault().get());
    }
    List<Optional<Pixels>> decoded = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      try {
        decoded.add(decode(i, frame.positions().get(i)));
      } catch (IOException e) {
        String part = parts.size() == 1 ? "" : parts.get(i).name() + ": ";
        throw new IOException(part + FileErrors.reason(e), e);
      }
    }
    return decoded;
  }

  private Optional<Pixels> decode(int part, int position) throws IOException {
    Optional<Source> source = sources.get(part);
    if (source.isEmpty() || sharedImages.containsKey(part)) {
      return Optional.ofNullable(sharedImages.get(part));
    }
    try {
      Pixels decoded = decoder.decode(parts.get(part), source.get().files().bytes(position));
      if (source.get().shared()) {
        sharedImages.put(part, decoded);
      }
      return Optional.of(decoded);
    } catch (IOException e) {
      if (source.get().shared()) {
        throw source.get().refuse(position, "", e);
      }
      throw e;
    }
  }

  /** A frame's condition in colour: one image for each part that is present. */
  public List<Pixels> visualize(Frames.Frame frame) throws IOException {
    List<Pixels> images = new ArrayList<>();
    List<Optional<Pixels>> decoded = decode(frame);
    for (int i = 0; i < decoded.size(); i++) {
      ConditionPart part = parts.get(i);
      decoded.get(i).ifPresent(pixels -> images.add(ConditionDecoder.visualize(part, pixels)));
    }
    return images;
  }

  /**
   * The reference of a frame, in colour and at the model's size; empty if there is none of its
   * name.
   *
   * @param place of the frame among all frames
   * @throws IOException if the file is invalid; one sentence without its name
   */
  public Optional<Pixels> reference(Frames.Frame frame, int place) throws IOException {
    Source source =
        references.orElseThrow(() -> new IllegalStateException("no references were given"));
    Integer position = referencePositions.get(frame.name());
    if (source.shared()) {
      position = 0;
    } else if (source.listed() && place < source.files().names().size()) {
      position = place;
    }
    if (position == null) {
      return Optional.empty();
    }
    Pixels pixels =
        ImageReader.read(
            source.files().bytes(position), /* channels= */ 3, ConditionDecoder.PIXELS_MAX);
    ModelInfo model = decoder.model();
    return Optional.of(Resize.cover(pixels, model.width(), model.height()));
  }

  @Override
  public void close() {
    sources.stream().flatMap(Optional::stream).forEach(source -> source.files().close());
    references.ifPresent(source -> source.files().close());
  }
}

package dev.mezzotint.generation.input;

import dev.mezzotint.generation.request.ConditionRequest;
import dev.mezzotint.generation.request.ConditionSource;
import dev.mezzotint.generation.request.FrameRequest;
import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Resize;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.SamplingJob;
import dev.mezzotint.storage.ObjectStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The conditions that a request names, brought and decoded when a row needs them and not before; a
 * picture that all rows share is brought once. For one attempt and one thread, which closes it.
 */
public final class ConditionInputs implements AutoCloseable {
  private final ModelInfo model;
  private final ConditionRequest request;
  private final ConditionDecoder decoder;

  /** One for each of the model's parts, null where it is left out. */
  private final @Nullable InputFiles[] parts;

  /** Whether a part's only picture serves all rows. */
  private final boolean[] one;

  private final Optional<Pixels>[] sharedPictures;
  private @Nullable InputFiles references;
  private boolean referenceShared;
  private Map<String, Integer> referencePlaces = Map.of();

  @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
  private ConditionInputs(ModelInfo model, ConditionRequest request) {
    this.model = model;
    this.request = request;
    this.decoder = new ConditionDecoder(model, request.nearest(), request.resize());
    this.parts = new @Nullable InputFiles[model.condition().size()];
    this.one = new boolean[parts.length];
    this.sharedPictures = new Optional[parts.length];
    Arrays.fill(sharedPictures, Optional.empty());
  }

  /**
   * Looks at what there is; the pictures themselves are not read.
   *
   * @throws InvalidInputException naming the source that cannot be read
   * @throws dev.mezzotint.storage.StorageException if the store is away
   */
  public static ConditionInputs open(
      GenerationRequest request, ModelInfo model, ObjectStore store, GenerationLimits limits) {
    ConditionInputs inputs = new ConditionInputs(model, request.condition());
    try {
      List<Optional<ConditionSource>> sources = inputs.request.sourcesFor(model);
      for (int i = 0; i < sources.size(); i++) {
        if (sources.get(i).isPresent()) {
          ConditionSource source = sources.get(i).get();
          InputFiles files = open(inputs.field(i), source, store, limits);
          inputs.parts[i] = files;
          inputs.one[i] =
              source instanceof ConditionSource.Shared
                  || (request.frames().isEmpty() && files.names().size() == 1);
        }
      }
      Optional<ConditionSource> references = request.frames().flatMap(FrameRequest::references);
      if (references.isPresent()) {
        InputFiles files = open("references", references.get(), store, limits);
        inputs.references = files;
        inputs.referenceShared = references.get() instanceof ConditionSource.Shared;
        inputs.referencePlaces = Frames.positionsByStem(files.names());
      }
      return inputs;
    } catch (RuntimeException e) {
      inputs.close();
      throw e;
    }
  }

  private static InputFiles open(
      String field, ConditionSource source, ObjectStore store, GenerationLimits limits) {
    try {
      return InputFiles.open(source, store, limits);
    } catch (IOException e) {
      throw new InvalidInputException(field, field + ": " + e.getMessage(), e);
    }
  }

  /** How messages name the source of a part. */
  private String field(int part) {
    boolean only = request.parts().containsKey(ConditionRequest.ONLY);
    return ConditionRequest.field(only ? "" : model.condition().get(part).name());
  }

  /** The frames of a request that is about frames. */
  public Frames frames(FrameRequest frames) {
    List<Frames.Part> found = new ArrayList<>();
    for (int i = 0; i < parts.length; i++) {
      InputFiles files = parts[i];
      found.add(
          new Frames.Part(
              model.condition().get(i).name(),
              files == null ? List.of() : files.names(),
              one[i],
              files instanceof InputFiles.References list && list.listed()));
    }
    return Frames.of(found, frames.variations(), frames.shared());
  }

  /**
   * Condition of image {@code index} of a request that is not about frames.
   *
   * @throws InvalidInputException naming the field
   */
  SamplingJob.Condition condition(int index) {
    List<Optional<Pixels>> decoded = new ArrayList<>();
    for (int i = 0; i < parts.length; i++) {
      String field = one[i] ? field(i) : field(i) + "[" + index + "]";
      try {
        decoded.add(picture(i, one[i] ? 0 : index));
      } catch (IOException e) {
        throw new InvalidInputException(field, field + ": " + e.getMessage(), e);
      }
    }
    return decoder.condition(decoded);
  }

  /**
   * Condition of a frame.
   *
   * @throws IOException if one of its files is not what it should be; one sentence
   * @throws InvalidInputException if that file serves all frames
   */
  SamplingJob.Condition condition(Frames.Frame frame) throws IOException {
    return decoder.condition(decode(frame));
  }

  private List<Optional<Pixels>> decode(Frames.Frame frame) throws IOException {
    if (frame.fault().isPresent()) {
      throw new IOException(frame.fault().get());
    }
    List<Optional<Pixels>> decoded = new ArrayList<>();
    for (int i = 0; i < parts.length; i++) {
      try {
        decoded.add(picture(i, frame.positions().get(i)));
      } catch (IOException e) {
        if (one[i]) {
          throw new InvalidInputException(field(i), field(i) + ": " + e.getMessage(), e);
        }
        String part = parts.length == 1 ? "" : model.condition().get(i).name() + ": ";
        throw new IOException(part + e.getMessage(), e);
      }
    }
    return decoded;
  }

  private Optional<Pixels> picture(int part, int position) throws IOException {
    InputFiles files = parts[part];
    if (files == null || sharedPictures[part].isPresent()) {
      return sharedPictures[part];
    }
    ConditionPart kind = model.condition().get(part);
    Optional<Pixels> decoded = Optional.of(decoder.decode(kind, files.bytes(position)));
    if (one[part]) {
      sharedPictures[part] = decoded;
    }
    return decoded;
  }

  /** What a frame's condition looks like, in colour, one picture for each part that is there. */
  public List<Pixels> visualize(Frames.Frame frame) throws IOException {
    List<Pixels> shown = new ArrayList<>();
    List<Optional<Pixels>> decoded = decode(frame);
    for (int i = 0; i < decoded.size(); i++) {
      if (decoded.get(i).isPresent()) {
        shown.add(ConditionDecoder.visualize(model.condition().get(i), decoded.get(i).get()));
      }
    }
    return shown;
  }

  /** What a frame should look like, in colour and at the model's size. */
  public Pixels reference(Frames.Frame frame, int place) throws IOException {
    InputFiles files = references;
    if (files == null) {
      throw new IllegalStateException("no references were asked for");
    }
    Integer position = referenceShared ? Integer.valueOf(0) : null;
    if (position == null && files instanceof InputFiles.References list && list.listed()) {
      position = place < files.names().size() ? place : null;
    }
    if (position == null) {
      position = referencePlaces.get(frame.name());
    }
    if (position == null) {
      throw new IOException("there is no reference of this name");
    }
    Pixels pixels =
        ImageReader.read(files.bytes(position), /* channels= */ 3, ConditionDecoder.PIXELS_MAX);
    return Resize.cover(pixels, model.width(), model.height());
  }

  @Override
  public void close() {
    for (InputFiles files : parts) {
      if (files != null) {
        files.close();
      }
    }
    if (references != null) {
      references.close();
    }
  }
}

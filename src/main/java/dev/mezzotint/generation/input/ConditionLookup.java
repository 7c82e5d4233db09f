package dev.mezzotint.generation.input;

import dev.mezzotint.files.FileErrors;
import dev.mezzotint.generation.request.ConditionRequest;
import dev.mezzotint.generation.request.ConditionSource;
import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.InputRule;
import dev.mezzotint.storage.ObjectReader;
import java.io.IOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Reads the condition files of requests, for clients that show them beside the images. Keeps the
 * sources of the last few requests open: a zip is not downloaded for each of its files. Safe for
 * use by many threads.
 */
public final class ConditionLookup implements AutoCloseable {
  private static final int OPEN_MAX = 4;

  private final ObjectReader store;
  private final InputRule rule;
  private final GenerationLimits limits;

  /** Sources by part, of each job; the least recently used job first. Guarded by this. */
  private final Map<String, Map<String, InputFiles>> open =
      new LinkedHashMap<>(16, 0.75f, /* accessOrder= */ true);

  /**
   * @param rule which objects requests may reference
   */
  public ConditionLookup(ObjectReader store, InputRule rule, GenerationLimits limits) {
    this.store = store;
    this.rule = rule;
    this.limits = limits;
  }

  /**
   * Reads the condition of one image.
   *
   * @param jobId of the request
   * @param request its bytes, read only if its sources are not open yet; empty if it is unknown
   * @param part of the condition; empty for the first
   * @param image name of the condition's file with or without its extension, or the number of the
   *     image
   * @return the file as it is; empty if the request has none of this name
   * @throws InvalidInputException if the source cannot be read
   */
  public synchronized Optional<byte[]> read(
      String jobId, Supplier<Optional<byte[]>> request, String part, String image) {
    Map<String, InputFiles> sources = open.get(jobId);
    if (sources == null) {
      Optional<byte[]> bytes = request.get();
      if (bytes.isEmpty()) {
        return Optional.empty();
      }
      JsonObject json = JsonObject.parse(bytes.get());
      if (!json.has("condition")) { // also requests of trainings
        return Optional.empty();
      }
      sources = open(GenerationRequest.parse(json, limits));
      open.put(jobId, sources);
      closeOldest();
    }
    Optional<InputFiles> files =
        part.isEmpty()
            ? sources.values().stream().findFirst()
            : Optional.ofNullable(sources.get(part));
    Optional<Integer> position = files.flatMap(all -> position(all.names(), image));
    if (position.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(files.get().bytes(position.get()));
    } catch (IOException e) {
      throw new InvalidInputException("name", image + " " + FileErrors.reason(e), e);
    }
  }

  private Map<String, InputFiles> open(GenerationRequest request) {
    InputFetcher fetcher =
        new InputFetcher(rule.restrict(store, request.tenant()), limits.objectBytesMax());
    Map<String, InputFiles> sources = new LinkedHashMap<>();
    try {
      for (Map.Entry<String, ConditionSource> part : request.condition().parts().entrySet()) {
        String field = ConditionRequest.field(part.getKey());
        try {
          sources.put(part.getKey(), InputFiles.open(part.getValue(), fetcher, limits.imagesMax()));
        } catch (IOException e) {
          throw new InvalidInputException(field, field + ": " + FileErrors.reason(e), e);
        }
      }
      return sources;
    } catch (RuntimeException e) {
      sources.values().forEach(InputFiles::close);
      throw e;
    }
  }

  /**
   * By name, by name without extension; a shared file is that of every image, a list is in order.
   */
  private static Optional<Integer> position(List<String> names, String image) {
    int named = names.indexOf(image);
    if (named >= 0) {
      return Optional.of(named);
    }
    Optional<Integer> stem = Optional.ofNullable(Frames.positionsByStem(names).get(image));
    if (stem.isPresent()) {
      return stem;
    }
    if (names.size() == 1) {
      return Optional.of(0);
    }
    return image.matches("[0-9]{1,6}") && Integer.parseInt(image) < names.size()
        ? Optional.of(Integer.parseInt(image))
        : Optional.empty();
  }

  private void closeOldest() {
    Iterator<Map<String, InputFiles>> oldest = open.values().iterator();
    while (open.size() > OPEN_MAX) {
      oldest.next().values().forEach(InputFiles::close);
      oldest.remove();
    }
  }

  @Override
  public synchronized void close() {
    open.values().forEach(sources -> sources.values().forEach(InputFiles::close));
    open.clear();
  }
}

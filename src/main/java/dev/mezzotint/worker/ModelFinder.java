package dev.mezzotint.worker;

import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.ModelReference;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.storage.ObjectStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** Finds models by name: first the bundled ones, then those of the object store. Thread-safe. */
public final class ModelFinder {
  private static final String LATEST = "latest";

  private final Path bundled;
  private final StoredModels stored;
  private final Map<String, Read> read = new ConcurrentHashMap<>();

  public ModelFinder(WorkerConfig settings, ObjectStore store) {
    this.bundled = settings.models();
    this.stored = storedModels(settings, store);
  }

  /** The models of a store, with those that this process has fetched from it. */
  static StoredModels storedModels(WorkerConfig settings, ObjectStore from) {
    return new StoredModels(from, settings.data().resolve("models"), settings.modelCacheBytes());
  }

  /** Opens a model as requests name it: {@code name}, {@code name@version}, {@code name@latest}. */
  public ModelFiles named(String reference) {
    ModelReference parsed = ModelReference.parseName(reference);
    if (parsed instanceof ModelReference.Stored model) {
      return versioned(model);
    }
    ModelReference.Bundled name = (ModelReference.Bundled) parsed;
    return isBundled(name.name())
        ? bundled(name)
        : stored.open(new ModelReference.Stored(name.name(), LATEST));
  }

  /**
   * As {@link #named}, without fetching a model's weights: the files of one in the store have no
   * weights that can be read.
   */
  ModelFiles described(String reference) {
    ModelReference parsed = ModelReference.parseName(reference);
    ModelReference.Stored model =
        parsed instanceof ModelReference.Stored versioned
            ? versioned
            : new ModelReference.Stored(((ModelReference.Bundled) parsed).name(), LATEST);
    return bundledAs(model).orElseGet(() -> stored.describe(model));
  }

  private Optional<ModelFiles> bundledAs(ModelReference.Stored model) {
    return isBundled(model.name())
        ? Optional.of(bundled(new ModelReference.Bundled(model.name())))
            .filter(
                files -> model.version().equals(LATEST) || model.version().equals(files.version()))
        : Optional.empty();
  }

  private ModelFiles versioned(ModelReference.Stored model) {
    return bundledAs(model).orElseGet(() -> stored.open(model));
  }

  /** Reads a folder again only if its files have changed, since a version may need a checksum. */
  private ModelFiles bundled(ModelReference.Bundled name) {
    List<String> stamp = stamp(bundled.resolve(name.name()));
    Read last = read.get(name.name());
    if (last == null || !last.stamp().equals(stamp)) {
      last = new Read(stamp, ModelFolder.open(name, bundled));
      read.put(name.name(), last);
    }
    return last.files();
  }

  /** A model with the names, sizes and times of its files when it was read. */
  private record Read(List<String> stamp, ModelFiles files) {}

  private static List<String> stamp(Path folder) {
    try (Stream<Path> files = Files.walk(folder, 2)) {
      List<String> stamp = new ArrayList<>();
      for (Path file : files.sorted().toList()) {
        stamp.add(file + " " + Files.size(file) + " " + Files.getLastModifiedTime(file));
      }
      return stamp;
    } catch (IOException e) {
      throw new UncheckedIOException("model " + folder + " cannot be read", e);
    }
  }

  private boolean isBundled(String name) {
    return Files.isDirectory(bundled.resolve(name));
  }
}

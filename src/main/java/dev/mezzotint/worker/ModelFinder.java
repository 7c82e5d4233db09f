package dev.mezzotint.worker;

import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.ModelReference;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.storage.ObjectStore;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where models come from: the bundled ones first, then the object store. Safe for use by many
 * threads.
 */
final class ModelFinder {
  private static final String LATEST = "latest";

  private final Path bundled;
  private final StoredModels stored;

  ModelFinder(Settings settings, ObjectStore store) {
    this.bundled = settings.models();
    this.stored = new StoredModels(store, settings.data().resolve("models"));
  }

  /** As requests may name one: {@code name}, {@code name@version}, {@code name@latest}. */
  ModelFiles named(String reference) {
    ModelReference parsed = ModelReference.parseName(reference);
    if (parsed instanceof ModelReference.Stored model) {
      return versioned(model);
    }
    ModelReference.Bundled name = (ModelReference.Bundled) parsed;
    return isBundled(name.name())
        ? ModelFolder.open(name, bundled)
        : stored.open(new ModelReference.Stored(name.name(), LATEST));
  }

  private ModelFiles versioned(ModelReference.Stored model) {
    if (isBundled(model.name())) {
      ModelFiles files = ModelFolder.open(new ModelReference.Bundled(model.name()), bundled);
      if (model.version().equals(LATEST) || model.version().equals(files.version())) {
        return files;
      }
    }
    return stored.open(model);
  }

  private boolean isBundled(String name) {
    return Files.isDirectory(bundled.resolve(name));
  }
}

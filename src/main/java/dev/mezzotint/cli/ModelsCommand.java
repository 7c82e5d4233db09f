package dev.mezzotint.cli;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.ModelReference;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.model.StoredModels.Version;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code models}: the ones that come with the software and those in the object store. */
@Command(
    name = "models",
    description = "List, show, bring and remove models.",
    synopsisSubcommandLabel = "WHAT",
    footer = {
      "",
      "Examples:",
      "  models list",
      "  models show avatars-32",
      "  models push my-model",
      "  models pull my-model@latest --to my-model",
      "  models prune my-model --keep 3"
    })
final class ModelsCommand {
  private final Surroundings surroundings;

  ModelsCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Command(
      description = "Bundled models, and all versions in the object store if there is one.",
      mixinStandardHelpOptions = true)
  int list(@Option(names = "--json", description = "As JSON on standard output.") boolean json) {
    List<Row> all = new ArrayList<>();
    for (ModelFiles files : bundled()) {
      long bytes = size(files.weights());
      all.add(new Row(files.name(), files.version(), "bundled", bytes, "", /* newest= */ false));
    }
    List<Version> stored;
    try {
      stored = surroundings.inStore(StoredModels::versions);
    } catch (InvalidInputException e) {
      stored = List.of();
      System.err.println("bundled models only: " + e.getMessage());
    }
    for (Version v : stored) {
      String time = v.published().toString();
      all.add(new Row(v.name(), v.version(), "store", v.bytes(), time, v.newest()));
    }
    if (json) {
      print(JsonText.writePretty(Map.of("models", all.stream().map(Row::toMap).toList())));
    } else {
      all.forEach(row -> System.out.println(row.line()));
    }
    return 0;
  }

  /**
   * A model in the list.
   *
   * @param bytes of its weights
   * @param published empty for a bundled one
   */
  private record Row(
      String name, String version, String place, long bytes, String published, boolean newest) {
    Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("name", name);
      map.put("version", version);
      map.put("place", place);
      map.put("bytes", bytes);
      map.put("published", published);
      map.put("newest", newest);
      return map;
    }

    String line() {
      return String.format(
              Locale.ROOT,
              "%-40s %-8s %9.1f MB  %s%s",
              name + "@" + version,
              place,
              bytes / 1e6,
              published,
              newest ? "  latest" : "")
          .stripTrailing();
    }
  }

  private List<ModelFiles> bundled() {
    Path folder = surroundings.bundledModels();
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(entry -> Files.exists(entry.resolve("config.json")))
          .sorted()
          .map(ModelFolder::openPath)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(folder + " cannot be read", e);
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(file + " cannot be read", e);
    }
  }

  @Command(description = "A model's card and network.", mixinStandardHelpOptions = true)
  int show(@Parameters(paramLabel = "REF", description = "In any form.") String reference) {
    ModelFiles files = surroundings.model(reference);
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("name", files.name());
    all.put("version", files.version());
    all.put("weights", String.valueOf(files.weights()));
    all.put("bytes", size(files.weights()));
    all.put("card", files.card().toMap());
    all.put("network", files.config().toMap());
    print(JsonText.writePretty(all));
    return 0;
  }

  @Command(
      description = "Put a model folder into the store, as its name's newest version.",
      mixinStandardHelpOptions = true)
  int push(@Parameters(paramLabel = "DIR", description = "A model folder.") Path folder) {
    ModelFiles files = ModelFolder.openPath(folder);
    files.readWeights(); // a file that cannot be read is not for others
    surroundings.inStore(
        models -> {
          models.publish(files, folder);
          return files;
        });
    System.out.println(files.name() + "@" + files.version() + " is in the store, and the newest");
    return 0;
  }

  @Command(description = "Copy a model to a folder.", mixinStandardHelpOptions = true)
  int pull(
      @Parameters(paramLabel = "REF", description = "Such as name@latest.") String reference,
      @Option(names = "--to", required = true, paramLabel = "DIR", description = "New folder.")
          Path to) {
    Destination.modelFolder("--to", to);
    ModelFiles files = surroundings.model(reference);
    ModelFolder.write(
        to, files.config(), files.readWeights(), files.card().withVersion(files.version()));
    System.out.println(files.name() + "@" + files.version() + ": " + to);
    return 0;
  }

  @Command(
      description = {
        "Remove a version from the store. Jobs that began with it and did not end will fail;",
        "the newest version stays."
      },
      mixinStandardHelpOptions = true)
  int delete(@Parameters(paramLabel = "NAME@VERSION", description = "Exactly.") String reference) {
    if (!(ModelReference.parse(reference) instanceof ModelReference.Stored stored)) {
      throw new InvalidInputException(
          "model", "model must be NAME@VERSION in the store, not " + reference);
    }
    surroundings.inStore(
        models -> {
          models.delete(stored);
          return stored;
        });
    System.out.println(reference + " removed");
    return 0;
  }

  @Command(
      description = "Remove all but the newest versions of a model from the store.",
      mixinStandardHelpOptions = true)
  int prune(
      @Parameters(paramLabel = "NAME", description = "Of the model.") String name,
      @Option(names = "--keep", required = true, paramLabel = "N", description = "How many stay.")
          int keep) {
    if (keep < 1) {
      throw new InvalidInputException("--keep", "--keep must be 1 or more: the newest stays");
    }
    List<Version> removed = surroundings.inStore(models -> models.prune(name, keep));
    removed.forEach(v -> System.out.println(v.name() + "@" + v.version() + " removed"));
    System.out.println(removed.size() + " removed");
    return 0;
  }

  private static void print(byte[] json) {
    System.out.print(new String(json, StandardCharsets.UTF_8));
  }
}

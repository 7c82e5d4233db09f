package dev.mezzotint.cli;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.model.MlpConfig;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.ModelReference;
import dev.mezzotint.model.NetworkConfig;
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
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code models}: manages bundled models and those in the object store. */
@Command(
    name = "models",
    description = "List, show, publish, download and remove models.",
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
public final class ModelsCommand {
  private final CommandContext context;

  public ModelsCommand(CommandContext context) {
    this.context = context;
  }

  @Command(
      description = "Bundled models, and all versions in the object store if there is one.",
      mixinStandardHelpOptions = true)
  int list(@Option(names = "--json", description = "As JSON on standard output.") boolean json) {
    List<Row> all = new ArrayList<>();
    for (ModelFiles files : bundled()) {
      long bytes = size(files.weights());
      String name = files.name();
      all.add(
          new Row(name, files.version(), "bundled", bytes, "", /* newest= */ false, makes(files)));
    }
    List<Version> stored;
    try {
      stored = context.inStore(StoredModels::versions);
    } catch (InvalidInputException e) {
      stored = List.of();
      System.err.println("bundled models only: " + e.getMessage());
    }
    for (Version v : stored) {
      String time = v.published().toString();
      all.add(new Row(v.name(), v.version(), "store", v.bytes(), time, v.newest(), ""));
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
   * @param published empty for a bundled model
   * @param makes what it generates and from what; empty for a model in the store, which is not
   *     opened
   */
  private record Row(
      String name,
      String version,
      String place,
      long bytes,
      String published,
      boolean newest,
      String makes) {
    Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("name", name);
      map.put("version", version);
      map.put("place", place);
      map.put("bytes", bytes);
      map.put("published", published);
      map.put("newest", newest);
      if (!makes.isEmpty()) {
        map.put("makes", makes);
      }
      return map;
    }

    String line() {
      return String.format(
              Locale.ROOT,
              "%-40s %-8s %9.1f MB  %s%s%s",
              name + "@" + version,
              place,
              bytes / 1e6,
              published,
              newest ? "  latest" : "",
              makes)
          .stripTrailing();
    }
  }

  /** Such as {@code 28×28, class 0 to 9} or {@code 32×32, condition labels}. */
  private static String makes(ModelFiles files) {
    NetworkConfig config = files.config();
    if (config instanceof MlpConfig) {
      return "points of the plane";
    }
    StringBuilder text = new StringBuilder("any size");
    if (config.sampleSize().isPresent()) {
      int height = config.sampleSize().getAsInt();
      text = new StringBuilder(config.sampleWidth().orElse(height) + "×" + height);
    }
    int classes = files.card().classes().size();
    if (classes > 0) {
      text.append(", class 0 to ").append(classes - 1);
    }
    for (ConditionPart part : files.card().condition()) {
      text.append(", condition ").append(part.name());
    }
    return text.toString();
  }

  private List<ModelFiles> bundled() {
    Path folder = context.bundledModels();
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

  @Command(description = "Show a model's card and network.", mixinStandardHelpOptions = true)
  int show(
      @Parameters(paramLabel = "REF", description = "In any form.") String reference,
      @Option(names = "--json", description = "As JSON on standard output.") boolean json) {
    ModelFiles files = context.model(reference);
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("name", files.name());
    all.put("version", files.version());
    all.put("weights", String.valueOf(files.weights()));
    all.put("bytes", size(files.weights()));
    all.put("card", files.card().toMap());
    all.put("network", files.config().toMap());
    if (json) {
      print(JsonText.writePretty(all));
    } else {
      lines("", all).forEach(System.out::println);
    }
    return 0;
  }

  @Command(
      description = "Publish a model folder in the store as the newest version of its name.",
      mixinStandardHelpOptions = true)
  int push(
      @Parameters(paramLabel = "DIR", description = "A model folder.") Path folder,
      @Mixin JsonOption json) {
    ModelFiles files = ModelFolder.openPath(folder);
    // As import writes it: the store has no place for the scheduler of a pipeline, or for pickles.
    for (String file : List.of(ModelCard.FILE, "diffusion_pytorch_model.safetensors")) {
      if (!Files.exists(folder.resolve(file))) {
        throw new InvalidInputException(
            "DIR", folder + " has no " + file + ": convert it to a model folder with import");
      }
    }
    var unused =
        files.readWeights(ExportCommand.expected(files.config())); // refuses what does not fit
    context.inStore(
        models -> {
          models.publish(files, folder);
          return files;
        });
    json.result(
        files.name() + "@" + files.version() + " is published as the newest version",
        Map.of("name", files.name(), "version", files.version(), "newest", true));
    return 0;
  }

  @Command(description = "Copy a model to a folder.", mixinStandardHelpOptions = true)
  int pull(
      @Parameters(paramLabel = "REF", description = "Such as name@latest.") String reference,
      @Option(names = "--to", required = true, paramLabel = "DIR", description = "New folder.")
          Path to,
      @Mixin JsonOption json) {
    OutputPaths.modelFolder("--to", to);
    ModelFiles files = context.model(reference);
    ModelFolder.write(
        to,
        files.config(),
        files.readWeights(ExportCommand.expected(files.config())),
        files.card().withVersion(files.version()));
    json.result(
        files.name() + "@" + files.version() + ": " + to,
        Map.of("name", files.name(), "version", files.version(), "to", to.toString()));
    return 0;
  }

  @Command(
      description = {
        "Remove a version from the store. Jobs that started with it and have not ended will fail.",
        "The newest version cannot be removed."
      },
      mixinStandardHelpOptions = true)
  int delete(
      @Parameters(paramLabel = "NAME@VERSION", description = "The version.") String reference,
      @Mixin JsonOption json) {
    if (!(ModelReference.parse(reference) instanceof ModelReference.Stored stored)) {
      throw InvalidInputException.of(
          "model", "must be NAME@VERSION in the store, not %s", reference);
    }
    context.inStore(
        models -> {
          models.delete(stored);
          return stored;
        });
    json.result(reference + " removed", Map.of("removed", List.of(reference)));
    return 0;
  }

  @Command(
      description = "Remove all but the newest versions of a model from the store.",
      mixinStandardHelpOptions = true)
  int prune(
      @Parameters(paramLabel = "NAME", description = "The model's name.") String name,
      @Option(
              names = "--keep",
              required = true,
              paramLabel = "N",
              description = "Versions to keep.")
          int keep,
      @Mixin JsonOption json) {
    if (keep < 1) {
      throw new InvalidInputException(
          "--keep", "--keep must be 1 or more: the newest version is always kept");
    }
    List<Version> removed = context.inStore(models -> models.prune(name, keep));
    List<String> words = removed.stream().map(v -> v.name() + "@" + v.version()).toList();
    List<String> lines = new ArrayList<>(words.stream().map(word -> word + " removed").toList());
    lines.add(removed.size() + " removed");
    json.result(String.join(System.lineSeparator(), lines), Map.of("removed", words));
    return 0;
  }

  /** One line for each nested member, {@code outer.inner: value}. */
  private static List<String> lines(String before, Map<?, ?> members) {
    List<String> lines = new ArrayList<>();
    members.forEach(
        (name, value) -> {
          if (value instanceof Map<?, ?> inner) {
            lines.addAll(lines(before + name + ".", inner));
          } else {
            lines.add(before + name + ": " + value);
          }
        });
    return lines;
  }

  private static void print(byte[] json) {
    System.out.print(new String(json, StandardCharsets.UTF_8));
  }
}

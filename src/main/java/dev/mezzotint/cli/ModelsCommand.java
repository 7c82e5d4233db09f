package dev.mezzotint.cli;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.json.InvalidInputException;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code models}: manages bundled models and those in the object store. */
@Command(
    name = "models",
    description = "List, show, publish, download and remove models.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Examples:",
      "  models list",
      "  models show avatars-32",
      "  models push my-model",
      "  models pull my-model --out my-model",
      "  models prune my-model --keep 3"
    })
public final class ModelsCommand {
  private final CommandContext context;

  public ModelsCommand(CommandContext context) {
    this.context = context;
  }

  // Options that are added later would shift the methods' arguments.
  @Command(
      description = "List the bundled models and all versions in the object store.",
      mixinStandardHelpOptions = true)
  int list(@Mixin JsonOption json) {
    List<Row> all = new ArrayList<>();
    for (ModelFiles files : bundled()) {
      long bytes = size(files.weights());
      String draws = draws(files.config(), files.card());
      all.add(
          new Row(files.name(), files.version(), "bundled", bytes, draws, "", /* newest= */ false));
    }
    try {
      all.addAll(context.inStore(ModelsCommand::stored));
    } catch (InvalidInputException e) {
      System.err.println("bundled models only: " + e.getMessage());
    }
    if (!json.enabled()) {
      System.out.println(String.format(Locale.ROOT, Row.FORMAT, "MODEL", "WHERE", "MB", "DRAWS"));
    }
    all.forEach(row -> json.result(row.line(), row.toMap()));
    return 0;
  }

  /** All versions; what a model draws is read from the card of its newest version. */
  private static List<Row> stored(StoredModels models) {
    List<Row> rows = new ArrayList<>();
    for (Version v : models.versions()) {
      String draws = "";
      if (v.newest()) {
        try {
          StoredModels.Described described = models.describe(v.name(), v.version());
          draws = draws(described.config(), described.card());
        } catch (InvalidInputException e) {
          draws = "its card cannot be read";
        }
      }
      String time = v.published().toString();
      rows.add(new Row(v.name(), v.version(), "store", v.bytes(), draws, time, v.newest()));
    }
    return rows;
  }

  /**
   * A model in the list.
   *
   * @param bytes of its weights
   * @param draws what it generates and from what; empty for older versions in the store
   * @param published empty for a bundled model
   */
  private record Row(
      String name,
      String version,
      String place,
      long bytes,
      String draws,
      String published,
      boolean newest) {
    static final String FORMAT = "%-32s %-8s %7s  %s";

    Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("name", name);
      map.put("version", version);
      map.put("place", place);
      map.put("bytes", bytes);
      map.put("published", published);
      map.put("newest", newest);
      if (!draws.isEmpty()) {
        map.put("draws", draws);
      }
      return map;
    }

    String line() {
      String megabytes = String.format(Locale.ROOT, "%.1f", bytes / 1e6);
      String when = published.isEmpty() ? "" : "  published " + published;
      return (String.format(
                  Locale.ROOT, FORMAT, name + "@" + version, place, megabytes, draws + when)
              + (newest ? "  latest" : ""))
          .stripTrailing();
    }
  }

  /** Such as {@code 28×28, class 0 to 9} or {@code 32×32, condition labels}. */
  private static String draws(NetworkConfig config, ModelCard card) {
    if (config instanceof MlpConfig) {
      return "points of the plane, with generate only";
    }
    StringBuilder text = new StringBuilder("any size");
    if (config.sampleSize().isPresent()) {
      int height = config.sampleSize().getAsInt();
      text = new StringBuilder(config.sampleWidth().orElse(height) + "×" + height);
    }
    int classes = card.classes().size();
    if (classes > 0) {
      text.append(", class 0 to ").append(classes - 1);
    }
    for (ConditionPart part : card.condition()) {
      text.append(", condition ").append(part.name());
    }
    return text.toString();
  }

  private List<ModelFiles> bundled() {
    Path folder = context.bundledModels();
    return ModelFolder.names(folder).stream()
        .map(name -> ModelFolder.openPath(folder.resolve(name)))
        .toList();
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(file + " cannot be read", e);
    }
  }

  @Command(
      description = "Show what a model draws, its settings, weights, data and licence.",
      mixinStandardHelpOptions = true)
  int show(
      @Parameters(paramLabel = "REF", description = ModelOptions.REFERENCE) String reference,
      @Mixin JsonOption json) {
    ModelFiles files = context.model(reference);
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("name", files.name());
    all.put("version", files.version());
    all.put("weights", String.valueOf(files.weights()));
    all.put("bytes", size(files.weights()));
    all.put("card", files.card().toMap());
    all.put("network", files.config().toMap());
    json.result(String.join(System.lineSeparator(), summary(files)), all);
    return 0;
  }

  private static List<String> summary(ModelFiles files) {
    ModelCard card = files.card();
    String classes = card.classes().isEmpty() ? "" : " (" + String.join(", ", card.classes()) + ")";
    List<Integer> tuned = card.tuned().stream().map(ModelCard.TunedSteps::steps).toList();
    return List.of(
        files.name() + "@" + files.version(),
        "  draws     " + draws(files.config(), card) + classes,
        "  settings  "
            + card.sampler().orElse("any sampler")
            + (card.steps().isPresent() ? ", " + card.steps().getAsInt() + " steps" : "")
            + (tuned.isEmpty() ? "" : "; schedule tuned for " + tuned + " steps"),
        String.format(
            Locale.ROOT, "  weights   %.1f MB, %s", size(files.weights()) / 1e6, files.weights()),
        "  data      " + (card.data().isEmpty() ? "unknown" : card.data()),
        "  licence   " + (card.licence().isEmpty() ? "unknown" : card.licence()));
  }

  @Command(
      description = "Publish a model folder in the store as the newest version of its name.",
      mixinStandardHelpOptions = true)
  int push(
      @Parameters(paramLabel = "DIR", description = "The model folder to publish.") Path folder,
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
      @Parameters(paramLabel = "REF", description = ModelOptions.REFERENCE) String reference,
      @Option(
              names = "--out",
              required = true,
              paramLabel = "DIR",
              description = "The new model folder.")
          Path out,
      @Mixin JsonOption json) {
    OutputPaths.modelFolder("--out", out);
    ModelFiles files = context.model(reference);
    ModelFolder.write(
        out,
        files.config(),
        files.readWeights(ExportCommand.expected(files.config())),
        files.card().withVersion(files.version()));
    json.result(
        files.name() + "@" + files.version() + ": " + out,
        Map.of("name", files.name(), "version", files.version(), "out", out.toString()));
    return 0;
  }

  @Command(
      description = {
        "Remove a version from the store.",
        "Jobs that started with it and have not ended will fail. The newest version cannot be"
            + " removed."
      },
      mixinStandardHelpOptions = true)
  int delete(
      @Parameters(
              paramLabel = "NAME@VERSION",
              description = "Name and version of a model in the store.")
          String reference,
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
              description = "How many of the newest versions are kept.")
          int keep,
      @Mixin JsonOption json) {
    refuseIf(keep < 1, "--keep", "must be 1 or more: the newest version is always kept");
    List<Version> removed = context.inStore(models -> models.prune(name, keep));
    List<String> words = removed.stream().map(v -> v.name() + "@" + v.version()).toList();
    List<String> lines = new ArrayList<>(words.stream().map(word -> word + " removed").toList());
    lines.add(removed.size() + " removed");
    json.result(String.join(System.lineSeparator(), lines), Map.of("removed", words));
    return 0;
  }
}

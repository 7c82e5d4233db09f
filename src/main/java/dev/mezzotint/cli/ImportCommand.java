package dev.mezzotint.cli;

import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code import}: converts weights from Python to a model folder with a card. */
@Command(
    name = "import",
    description = "Convert a diffusers folder, pipeline or weights file to a model folder.",
    footer = {"", "Example:", "  import iadb-celebahq-256 --out my-models/celebahq-256"})
public final class ImportCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "DIR", description = "Folder or weights file to read.")
  private Path from = Path.of("");

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "The new model folder.")
  private Path out = Path.of("");

  @Mixin private JsonOption json = new JsonOption();

  @Override
  public Integer call() {
    OutputPaths.modelFolder("--out", out);
    Optional<Path> source = ModelFolder.predictionSource(from);
    ModelFiles files = ModelFolder.importFolder(from, out, ExportCommand::expected);
    String predicts =
        files.card().prediction().wireName()
            + (files.card().noiseSchedule().isPresent()
                ? " with the noise schedule of its training"
                : ", timestep = alpha x " + files.card().timestepScale());
    json.status(
        "imported %s version %s to %s: predicts %s"
            .formatted(files.name(), files.version(), out, predicts),
        facts(files, out));
    if (source.isEmpty()) {
      System.err.println(
          "warning: "
              + from
              + " has neither a card nor a scheduler: taken for a network of this method, with its"
              + " direction at timestep = alpha");
    }
    return 0;
  }

  /** What {@code import} and {@code export} report about a model. */
  static Map<String, Object> facts(ModelFiles files, Path out) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("name", files.name());
    facts.put("version", files.version());
    facts.put("out", out.toString());
    facts.put("prediction", files.card().prediction().wireName());
    facts.put("timestepScale", files.card().timestepScale());
    return facts;
  }
}

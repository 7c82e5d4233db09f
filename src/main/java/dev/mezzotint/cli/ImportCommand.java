package dev.mezzotint.cli;

import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.TrainStep;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code import}: weights from Python become a model folder with a card. */
@Command(
    name = "import",
    description = "Bring a diffusers folder, pipeline or weights file into a model folder.",
    footer = {"", "Example:", "  import iadb-celebahq-256 --to my-models/celebahq-256"})
public final class ImportCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "DIR", description = "Folder or weights file to read.")
  private Path from = Path.of("");

  @Option(names = "--to", required = true, paramLabel = "DIR", description = "Folder to write.")
  private Path to = Path.of("");

  @Mixin private JsonOption json = new JsonOption();

  @Override
  public Integer call() {
    OutputPaths.modelFolder("--to", to);
    ModelFiles files =
        ModelFolder.importFolder(
            from,
            to,
            config ->
                NetworkProgram.of(config, Parameterization.direction(1), TrainStep.defaults())
                    .weights());
    json.tell(
        "imported "
            + files.name()
            + " version "
            + files.version()
            + " to "
            + to
            + ": predicts "
            + files.card().prediction().wireName()
            + ", timestep = alpha x "
            + files.card().timestepScale(),
        Map.of(
            "name",
            files.name(),
            "version",
            files.version(),
            "to",
            to.toString(),
            "prediction",
            files.card().prediction().wireName(),
            "timestepScale",
            files.card().timestepScale()));
    return 0;
  }
}

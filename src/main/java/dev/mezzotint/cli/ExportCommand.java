package dev.mezzotint.cli;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.DType;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.model.Weights;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.TrainStep;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code export}: writes a folder that diffusers' {@code UNet2DModel.from_pretrained} loads. */
@Command(
    name = "export",
    description = "Write a model as a folder that diffusers' UNet2DModel loads.",
    footer = {"", "Example:", "  export avatars-32 --to avatars-for-python"})
public final class ExportCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "REF", description = "The model, in any form.")
  private String reference = "";

  @Option(names = "--to", required = true, paramLabel = "DIR", description = "Folder to write.")
  private Path to = Path.of("");

  @Option(
      names = "--dtype",
      defaultValue = "float32",
      paramLabel = "float32|float16",
      description = "Precision of the weights; default ${DEFAULT-VALUE}.")
  private String dtype = "float32";

  @Mixin private JsonOption json = new JsonOption();

  private final CommandContext context;

  public ExportCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    DType wanted =
        switch (dtype) {
          case "float32" -> DType.F32;
          case "float16" -> DType.F16;
          default ->
              throw InvalidInputException.of(
                  "--dtype", "must be float32 or float16, not %s", dtype);
        };
    ModelFiles files = context.model(reference);
    Map<String, Tensor> weights = files.readWeights();
    Weights.check(
        weights,
        NetworkProgram.of(files.config(), Parameterization.direction(1), TrainStep.defaults())
            .weights());
    Map<String, Tensor> converted = new LinkedHashMap<>();
    weights.forEach((name, tensor) -> converted.put(name, tensor.to(wanted)));
    OutputPaths.modelFolder("--to", to);
    ModelFolder.write(to, files.config(), converted, files.card().withVersion(files.version()));
    Map<String, Object> facts = ImportCommand.facts(files, to);
    facts.put("dtype", dtype);
    json.status(
        "exported to %s; in Python: unet(x, torch.full((N,), alpha * %s)).sample is the %s"
            .formatted(to, files.card().timestepScale(), files.card().prediction().wireName()),
        facts);
    return 0;
  }
}

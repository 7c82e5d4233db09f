package dev.mezzotint.cli;

import static dev.mezzotint.json.InvalidInputException.refuseIf;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.DType;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.TrainStep;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code export}: writes a folder that diffusers' {@code UNet2DModel.from_pretrained} loads, or an
 * ONNX file.
 */
@Command(
    name = "export",
    description =
        "Write a model as a folder that diffusers' UNet2DModel loads, or as an ONNX file.",
    footer = {
      "",
      "Examples:",
      "  export avatars-32 --out avatars-for-python",
      "  export avatars-32 --out avatars.onnx"
    })
public final class ExportCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "REF", description = ModelOptions.REFERENCE)
  private String reference = "";

  @Option(
      names = "--out",
      required = true,
      paramLabel = "PATH",
      description = "Folder to write, or a file with the ending .onnx.")
  private Path out = Path.of("");

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

  /** The shapes of a network's weights by name. */
  static Map<String, long[]> expected(NetworkConfig config) {
    return NetworkProgram.of(config, Parameterization.direction(1), TrainStep.defaults()).weights();
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
    NetworkProgram program =
        NetworkProgram.of(files.config(), Parameterization.of(files.card()), TrainStep.defaults());
    Map<String, Tensor> weights = files.readWeights(program.weights());
    if (out.toString().endsWith(".onnx")) {
      return onnx(files, program, weights, wanted);
    }
    Map<String, Tensor> converted = new LinkedHashMap<>();
    weights.forEach((name, tensor) -> converted.put(name, tensor.to(wanted)));
    OutputPaths.modelFolder("--out", out);
    ModelFolder.write(out, files.config(), converted, files.card().withVersion(files.version()));
    Map<String, Object> facts = ImportCommand.facts(files, out);
    facts.put("dtype", dtype);
    json.status(
        "exported to %s; in Python: %s is the %s"
            .formatted(out, python(files.card()), files.card().prediction().wireName()),
        facts);
    return 0;
  }

  private static String python(ModelCard card) {
    String t = "torch.full((N,), alpha * %s)".formatted(card.timestepScale());
    return card.patch() == 1
        ? "unet(x, " + t + ").sample"
        : "with t = " + t + "\n  " + String.join("\n  ", card.pythonLines()) + "\ny";
  }

  private int onnx(
      ModelFiles files, NetworkProgram program, Map<String, Tensor> weights, DType wanted) {
    refuseIf(wanted != DType.F32, "--dtype", "must be float32 for an ONNX file, not %s", dtype);
    OutputPaths.file("--out", out);
    ByteBuffer onnx = program.onnx(weights);
    try (FileChannel file = FileChannel.open(out, CREATE, TRUNCATE_EXISTING, WRITE)) {
      while (onnx.hasRemaining()) {
        file.write(onnx);
      }
    } catch (IOException e) {
      throw new InvalidInputException("--out", "--out: " + out + " cannot be written: " + e, e);
    }
    Map<String, Object> facts = ImportCommand.facts(files, out);
    facts.put("dtype", dtype);
    json.status(
        String.format(
            Locale.ROOT,
            "exported to %s: inputs x (N, %d, H, W) and t (N), t = alpha * %s%s; y is the %s",
            out,
            files.config().inChannels(),
            files.card().timestepScale(),
            program.hasClasses() ? ", and classes (N)" : "",
            files.card().prediction().wireName()),
        facts);
    return 0;
  }
}

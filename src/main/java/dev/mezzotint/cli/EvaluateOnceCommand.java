package dev.mezzotint.cli;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.model.SafeTensors;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.model.UNetConfig;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.sampling.ModelResolver;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code evaluate-once}: a single evaluation of a network exactly as stored. */
@Command(
    name = "evaluate-once",
    description = "Evaluate a network once, exactly as stored, and write tensor 'output'.",
    footer = {
      "",
      "Example:",
      "  evaluate-once --model my-unet --input io.safetensors:x --t io.safetensors:t --out"
          + " y.safetensors"
    })
public final class EvaluateOnceCommand implements Callable<Integer> {
  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--input",
      required = true,
      paramLabel = "FILE:KEY",
      description = "N x C x H x W: channels of the images, then of the conditions.")
  private String input = "";

  @Option(
      names = "--t",
      required = true,
      paramLabel = "FILE:KEY",
      description = "One timestep per row, as the network takes it.")
  private String t = "";

  @Option(
      names = "--class",
      paramLabel = "FILE:KEY",
      description = "One class label per row, for a model with classes.")
  private @Nullable String classes;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "A safetensors file.")
  private Path out = Path.of("");

  private final CommandContext context;

  public EvaluateOnceCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    ModelFiles files = context.model(model.reference());
    NetworkConfig config = files.config();
    Tensor x = TensorFile.read("--input", input, 4);
    long[] shape = x.shape();
    if (shape[1] != config.inChannels()) {
      throw new InvalidInputException(
          "--input",
          "--input has " + shape[1] + " channels, the network takes " + config.inChannels());
    }
    for (int axis = 2; axis < 4; axis++) {
      if (shape[axis] < 1
          || shape[axis] > config.sizeMax()
          || shape[axis] % config.sizeMultiple() != 0) {
        throw new InvalidInputException(
            "--input",
            "--input is "
                + shape[2]
                + "x"
                + shape[3]
                + ", each side must be a multiple of "
                + config.sizeMultiple()
                + " up to "
                + config.sizeMax());
      }
    }
    float[] steps = perRow("--t", t, shape[0]).toFloats();
    long[] labels = labels(config, shape[0]);
    OutputPaths.file("--out", out);
    try (SamplingNetwork network = ModelResolver.load(context.device(model.device), files)) {
      float[] y = network.evaluate(x.toFloats(), (int) shape[2], (int) shape[3], steps, labels);
      SafeTensors.write(
          out,
          Map.of("output", Tensor.ofFloats(y, shape[0], config.outChannels(), shape[2], shape[3])),
          Map.of());
    }
    return 0;
  }

  private long[] labels(NetworkConfig config, long rows) {
    boolean has = config.classEmbedType() != UNetConfig.ClassEmbedding.NONE;
    String given = classes;
    if (given == null) {
      refuseIf(has, "--class", "is needed: the network has classes");
      return new long[(int) rows];
    }
    refuseIf(!has, "--class", ": the network has no classes");
    float[] values = perRow("--class", given, rows).toFloats();
    long[] labels = new long[values.length];
    int max = config.numClassEmbeds().orElse(Integer.MAX_VALUE);
    for (int i = 0; i < labels.length; i++) {
      labels[i] = (long) values[i];
      if (labels[i] != values[i] || labels[i] < 0 || labels[i] >= max) {
        throw new InvalidInputException(
            "--class", "--class: " + values[i] + " is not an integer from 0 to " + (max - 1));
      }
    }
    return labels;
  }

  private static Tensor perRow(String option, String text, long rows) {
    Tensor tensor = TensorFile.read(option, text, 1);
    if (tensor.elements() != rows) {
      throw new InvalidInputException(
          option, option + " has " + tensor.elements() + " values, --input has " + rows + " rows");
    }
    return tensor;
  }
}

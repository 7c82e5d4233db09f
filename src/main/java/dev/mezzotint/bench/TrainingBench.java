package dev.mezzotint.bench;

import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.cli.ModelOptions;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.OptimizerState;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.TrainStep;
import dev.mezzotint.network.TrainingNetwork;
import dev.mezzotint.network.TrainingNetwork.Batch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench training}: whole training steps, alone or alternately with another program. */
@Command(
    name = "training",
    description = {
      "Measure images per second of whole training steps.",
      "A step is blend, evaluation, gradients, Adam and EMA.",
      "With a peer, both alternate with the same network, weights and batch size."
    },
    footer = {
      "",
      "Examples:",
      "  bench training --model avatars-32 --batch 8,32",
      "  bench training --model avatars-32 --peer \"python3 src/benchmark/peer/peer.py\""
    })
public final class TrainingBench implements Callable<Integer> {
  private static final int BATCHES = 4;

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--batch",
      split = ",",
      defaultValue = "8,32",
      paramLabel = "N",
      description = "Rows of a batch, one case for each; default ${DEFAULT-VALUE}.")
  private List<Integer> batches = List.of();

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "Turns of each case; default ${DEFAULT-VALUE}.")
  private int rounds = 5;

  @Option(
      names = "--seconds",
      defaultValue = "5",
      paramLabel = "S",
      description = "Length of each turn; default ${DEFAULT-VALUE}.")
  private double seconds = 5;

  @Option(names = "--peer", paramLabel = "COMMAND", description = "The other program.")
  private @Nullable String peer;

  @Mixin private BenchReport report = new BenchReport();

  private final CommandContext context;

  public TrainingBench(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    if (rounds < 1 || rounds > 1000 || !(seconds > 0) || batches.stream().anyMatch(n -> n < 1)) {
      throw new InvalidInputException(
          "--rounds", "--rounds must be 1 to 1000, --batch and --seconds positive");
    }
    report.check();
    ModelFiles files = context.model(model.reference());
    if (files.config().sampleSize().isEmpty() || files.card().timestepScale() <= 0) {
      throw new InvalidInputException("--model", "--model must have a sample_size");
    }
    Device device = context.device(model.device);
    report.recordMachine(device, files.name() + "@" + files.version());
    NetworkProgram program =
        NetworkProgram.of(files.config(), Parameterization.of(files.card()), TrainStep.defaults());
    List<Object> cases = new ArrayList<>();
    try (ReferenceProcess other = SideBySide.open(peer, files, device);
        TrainingNetwork network =
            device.train(program, OptimizerState.initial(files.readWeights(program.weights())))) {
      System.gc(); // as training does before its first step
      SideBySide turns = SideBySide.training(rounds, seconds, other, report);
      for (int batch : batches) {
        Batch[] data = new Batch[BATCHES];
        for (int i = 0; i < data.length; i++) {
          data[i] = batch(files.config(), batch, i);
          network.step(data[i], 1e-6, 0.999);
        }
        int[] next = {0};
        cases.add(
            turns
                .measure(batch, () -> network.step(data[next[0]++ % data.length], 1e-6, 0.999))
                .metrics());
      }
    }
    report.put("cases", cases);
    return report.finish();
  }

  private static Batch batch(NetworkConfig config, int rows, int number) {
    int size = config.sampleSize().orElseThrow();
    int channels = config.outChannels();
    float[] x1 = new float[rows * channels * size * size];
    float[] x0 = new float[x1.length];
    float[] alpha = new float[rows];
    Noise.gaussian(1, number, x1, 0, x1.length);
    Noise.gaussian(2, number, x0, 0, x0.length);
    for (int row = 0; row < rows; row++) {
      alpha[row] = (float) Noise.uniform(3, number, row);
    }
    int conditions = config.conditionChannels();
    float[] condition = new float[rows * conditions * size * size];
    return new Batch(x1, x0, condition, alpha, new long[rows], channels, conditions, size, size);
  }
}

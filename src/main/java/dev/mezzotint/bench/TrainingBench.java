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
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench training}: whole training steps, alone or by turns with another program. */
@Command(
    name = "training",
    description = {
      "Images per second of whole training steps: blend, evaluate, gradients, Adam, average.",
      "With a peer, both take turns with the same network, weights and batch."
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
      description = "Rows of a batch, one case each; default ${DEFAULT-VALUE}.")
  private List<Integer> batches = List.of();

  @Option(
      names = "--rounds",
      defaultValue = "5",
      paramLabel = "N",
      description = "Turns of each case; default ${DEFAULT-VALUE}.")
  private int rounds = 5;

  @Option(
      names = "--seconds",
      defaultValue = "5",
      paramLabel = "S",
      description = "Of each turn; default ${DEFAULT-VALUE}.")
  private double seconds = 5;

  @Option(names = "--peer", paramLabel = "COMMAND", description = "The other program.")
  private @Nullable String peer;

  @Mixin private BenchReport output = new BenchReport();

  private final CommandContext surroundings;

  public TrainingBench(CommandContext surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException {
    if (rounds < 1 || rounds > 1000 || !(seconds > 0) || batches.stream().anyMatch(n -> n < 1)) {
      throw new InvalidInputException(
          "--rounds", "--rounds must be 1 to 1000, --batch and --seconds positive");
    }
    output.check();
    ModelFiles files = surroundings.model(model.reference);
    if (files.config().sampleSize().isEmpty() || files.card().timestepScale() <= 0) {
      throw new InvalidInputException("--model", "--model must say its sample_size");
    }
    Device device = surroundings.device(model.device);
    double busy = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("model", files.name() + "@" + files.version());
    figures.put("machine", device.description());
    figures.put("loadAverageAtStart", busy);
    SamplerBench.say(
        "%s@%s on %s; load average %.1f",
        files.name(), files.version(), device.description(), busy);
    NetworkProgram program =
        NetworkProgram.of(files.config(), Parameterization.of(files.card()), TrainStep.defaults());
    List<Object> cases = new ArrayList<>();
    try (ReferenceProcess other = SideBySide.open(peer, files, device);
        TrainingNetwork network =
            device.train(program, OptimizerState.initial(files.readWeights()))) {
      System.gc(); // as a training does before its first step
      SideBySide turns = SideBySide.training(rounds, seconds, other);
      for (int batch : batches) {
        Batch[] drawn = new Batch[BATCHES];
        for (int i = 0; i < drawn.length; i++) {
          drawn[i] = batch(files.config(), batch, i);
          network.step(drawn[i], 1e-6, 0.999);
        }
        int[] taken = {0};
        cases.add(
            turns
                .measure(batch, () -> network.step(drawn[taken[0]++ % drawn.length], 1e-6, 0.999))
                .figures());
      }
    }
    figures.put("cases", cases);
    return output.end(figures);
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

package dev.mezzotint.cli;

import dev.mezzotint.iadb.Noise;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.OptimizerState;
import dev.mezzotint.network.Reading;
import dev.mezzotint.network.TrainStep;
import dev.mezzotint.network.TrainingNetwork;
import dev.mezzotint.network.TrainingNetwork.Batch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
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
final class TrainingBench implements Callable<Integer> {
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

  @Option(names = "--json", paramLabel = "FILE", description = "Write all figures here.")
  private @Nullable Path json;

  private final Surroundings surroundings;

  TrainingBench(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException {
    if (rounds < 1 || rounds > 1000 || !(seconds > 0) || batches.stream().anyMatch(n -> n < 1)) {
      throw new InvalidInputException(
          "--rounds", "--rounds must be 1 to 1000, --batch and --seconds positive");
    }
    if (json != null) {
      Destination.file("--json", json);
    }
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
        NetworkProgram.of(files.config(), Reading.of(files.card()), TrainStep.defaults());
    OptimizerState state = OptimizerState.start(files.readWeights());
    List<Object> cases = new ArrayList<>();
    try (Peer other = peer == null ? null : new Peer(peer);
        TrainingNetwork network = device.train(program, state)) {
      if (other != null) {
        other.open(folder(files), device.threads(), device.name());
      }
      for (int batch : batches) {
        cases.add(measure(network, other, files.config(), batch));
      }
    }
    figures.put("cases", cases);
    if (json != null) {
      Files.write(json, JsonText.writePretty(figures));
    }
    return 0;
  }

  private static String folder(ModelFiles files) {
    Path folder = files.weights().toAbsolutePath().getParent();
    return String.valueOf(folder);
  }

  private Map<String, Object> measure(
      TrainingNetwork network, @Nullable Peer other, NetworkConfig config, int rows) {
    Batch[] drawn = new Batch[BATCHES];
    for (int i = 0; i < drawn.length; i++) {
      drawn[i] = batch(config, rows, i);
      network.step(drawn[i], 1e-6, 0.999);
    }
    double[] ours = new double[rounds];
    double[] theirs = new double[rounds];
    double[] ratio = new double[rounds];
    double[] memory = new double[rounds];
    for (int round = 0; round < rounds; round++) {
      // Whoever is first sees a machine that has rested: by turns.
      boolean first = round % 2 == 0;
      Peer.Turn mine = first ? turn(network, drawn) : new Peer.Turn(0, 0);
      Peer.Turn its = other == null ? mine : other.turn("training", rows, seconds);
      mine = first ? mine : turn(network, drawn);
      ours[round] = mine.rate();
      theirs[round] = its.rate();
      ratio[round] = mine.rate() / its.rate();
      memory[round] = mine.peakBytes() / its.peakBytes();
    }
    Map<String, Object> found = new LinkedHashMap<>();
    found.put("batch", rows);
    found.put("imagesPerSecond", Spread.of(ours).toMap());
    SamplerBench.say("batch %3d: %s images/s", rows, Spread.of(ours).text("%.2f"));
    if (other != null) {
      found.put("peerImagesPerSecond", Spread.of(theirs).toMap());
      found.put("ratio", Spread.of(ratio).toMap());
      found.put("peakMemoryRatio", Spread.of(memory).toMap());
      SamplerBench.say("     peer: %s images/s", Spread.of(theirs).text("%.2f"));
      SamplerBench.say("    ratio: %s", Spread.of(ratio).text("%.3f"));
      SamplerBench.say("   memory: %s of the peer's peak", Spread.of(memory).text("%.2f"));
    }
    return found;
  }

  private Peer.Turn turn(TrainingNetwork network, Batch[] drawn) {
    ResidentPeak.reset();
    long start = System.nanoTime();
    int steps = 0;
    do {
      network.step(drawn[steps % drawn.length], 1e-6, 0.999);
      steps++;
    } while (System.nanoTime() - start < seconds * 1e9);
    double took = (System.nanoTime() - start) / 1e9;
    return new Peer.Turn(steps * drawn[0].rows() / took, ResidentPeak.bytes());
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

  /** Linux's own count of the most memory that this process has had resident. */
  private static final class ResidentPeak {
    private static final Path STATUS = Path.of("/proc/self/status");

    static void reset() {
      try {
        Files.writeString(Path.of("/proc/self/clear_refs"), "5");
      } catch (IOException e) {
        // Not Linux, or not allowed: the peak is then that of the whole run.
      }
    }

    static double bytes() {
      try {
        return Files.readAllLines(STATUS).stream()
            .filter(line -> line.startsWith("VmHWM:"))
            .mapToDouble(line -> 1024 * Double.parseDouble(line.replaceAll("[^0-9]", "")))
            .findFirst()
            .orElse(Double.NaN);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}

package dev.mezzotint.bench;

import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.network.Device;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * This software and another program by turns, so that both see the same machine.
 *
 * @param what the turn's name in the peer's language
 * @param unit what is counted, in words
 * @param key the same as a key of JSON, capitalised behind {@code peer}
 * @param rounds turns of each
 * @param seconds of a turn
 * @param peer none: this software alone
 */
record SideBySide(
    String what,
    String unit,
    String key,
    int rounds,
    double seconds,
    @Nullable ReferenceProcess peer) {

  static SideBySide training(int rounds, double seconds, @Nullable ReferenceProcess peer) {
    return new SideBySide("training", "images/s", "imagesPerSecond", rounds, seconds, peer);
  }

  static SideBySide sampler(int rounds, double seconds, @Nullable ReferenceProcess peer) {
    return new SideBySide("sampler", "row-steps/s", "rowStepsPerSecond", rounds, seconds, peer);
  }

  /**
   * What came out.
   *
   * @param rate this software's median, in {@link #unit()}
   * @param figures for JSON
   */
  record Outcome(double rate, Map<String, Object> figures) {}

  /**
   * @param rows of a step
   * @param step one whole step of them; has run often enough to be compiled
   */
  Outcome measure(int rows, Runnable step) {
    double[] ours = new double[rounds];
    double[] theirs = new double[rounds];
    double[] ratio = new double[rounds];
    double[] memory = new double[rounds];
    for (int round = 0; round < rounds; round++) {
      // Whoever is first sees a machine that has rested: by turns.
      boolean first = round % 2 == 0;
      ReferenceProcess.Turn mine = first ? turn(rows, step) : new ReferenceProcess.Turn(0, 0);
      ReferenceProcess.Turn its = peer == null ? mine : peer.turn(what, rows, seconds);
      mine = first ? mine : turn(rows, step);
      ours[round] = mine.rate();
      theirs[round] = its.rate();
      ratio[round] = mine.rate() / its.rate();
      memory[round] = mine.peakBytes() / its.peakBytes();
    }
    Map<String, Object> found = new LinkedHashMap<>();
    found.put("batch", rows);
    found.put(key, SampleStatistics.of(ours).toMap());
    SamplerBench.say("batch %3d: %s %s", rows, SampleStatistics.of(ours).text("%.2f"), unit);
    if (peer != null) {
      String peerKey = "peer" + Character.toUpperCase(key.charAt(0)) + key.substring(1);
      found.put(peerKey, SampleStatistics.of(theirs).toMap());
      found.put("ratio", SampleStatistics.of(ratio).toMap());
      found.put("peakMemoryRatio", SampleStatistics.of(memory).toMap());
      SamplerBench.say("     peer: %s %s", SampleStatistics.of(theirs).text("%.2f"), unit);
      SamplerBench.say("    ratio: %s", SampleStatistics.of(ratio).text("%.3f"));
      SamplerBench.say(
          "   memory: %s of the peer's peak", SampleStatistics.of(memory).text("%.2f"));
    }
    return new Outcome(SampleStatistics.of(ours).median(), found);
  }

  /** Opens the other program on the same model, device and number of threads. */
  static @Nullable ReferenceProcess open(
      @Nullable String command, ModelFiles model, Device device) {
    if (command == null) {
      return null;
    }
    ReferenceProcess peer = new ReferenceProcess(command);
    Path folder = model.weights().toAbsolutePath().getParent();
    peer.open(String.valueOf(folder), device.threads(), device.name());
    return peer;
  }

  private ReferenceProcess.Turn turn(int rows, Runnable step) {
    ResidentPeak.reset();
    long start = System.nanoTime();
    long steps = 0;
    do {
      step.run();
      steps++;
    } while (System.nanoTime() - start < seconds * 1e9);
    double took = (System.nanoTime() - start) / 1e9;
    return new ReferenceProcess.Turn(steps * rows / took, ResidentPeak.bytes());
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

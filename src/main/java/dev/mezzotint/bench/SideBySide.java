package dev.mezzotint.bench;

import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.network.CpuInfo;
import dev.mezzotint.network.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Measures this software and another program alternately, so that both see the same machine.
 *
 * @param what the turn's name in the peer's protocol
 * @param unit of the rate, for people
 * @param key of the rate in the report; {@code peer} is put before it for the other program
 * @param rounds turns of each
 * @param seconds of a turn
 * @param peer null to measure this software alone
 */
record SideBySide(
    String what,
    String unit,
    String key,
    int rounds,
    double seconds,
    @Nullable ReferenceProcess peer,
    BenchReport report) {

  static SideBySide training(
      int rounds, double seconds, @Nullable ReferenceProcess peer, BenchReport report) {
    return new SideBySide("training", "images/s", "imagesPerSecond", rounds, seconds, peer, report);
  }

  static SideBySide sampler(
      int rounds, double seconds, @Nullable ReferenceProcess peer, BenchReport report) {
    return new SideBySide(
        "sampler", "row-steps/s", "rowStepsPerSecond", rounds, seconds, peer, report);
  }

  /**
   * @param rate this software's median, in {@link #unit()}
   * @param metrics for the report
   */
  record Outcome(double rate, Map<String, Object> metrics) {}

  /**
   * @param rows of a step
   * @param step one whole step of them, already compiled by earlier runs
   */
  Outcome measure(int rows, Runnable step) {
    double[] ours = new double[rounds];
    double[] theirs = new double[rounds];
    double[] ratio = new double[rounds];
    double[] memory = new double[rounds];
    for (int round = 0; round < rounds; round++) {
      // The first of a round sees a rested machine: sides take turns in going first.
      boolean first = round % 2 == 0;
      ReferenceProcess.Turn ourTurn = first ? turn(rows, step) : new ReferenceProcess.Turn(0, 0);
      ReferenceProcess.Turn theirTurn = peer == null ? ourTurn : peer.turn(what, rows, seconds);
      ourTurn = first ? ourTurn : turn(rows, step);
      ours[round] = ourTurn.rate();
      theirs[round] = theirTurn.rate();
      ratio[round] = ourTurn.rate() / theirTurn.rate();
      memory[round] = ourTurn.peakBytes() / theirTurn.peakBytes();
    }
    Map<String, Object> metrics = new LinkedHashMap<>();
    metrics.put("batch", rows);
    metrics.put(key, SampleStatistics.of(ours).toMap());
    report.print("batch %3d: %s %s", rows, SampleStatistics.of(ours).text("%.2f"), unit);
    if (peer != null) {
      String peerKey = "peer" + Character.toUpperCase(key.charAt(0)) + key.substring(1);
      metrics.put(peerKey, SampleStatistics.of(theirs).toMap());
      metrics.put("ratio", SampleStatistics.of(ratio).toMap());
      metrics.put("peakMemoryRatio", SampleStatistics.of(memory).toMap());
      report.print("     peer: %s %s", SampleStatistics.of(theirs).text("%.2f"), unit);
      report.print("    ratio: %s", SampleStatistics.of(ratio).text("%.3f"));
      report.print("   memory: %s of the peer's peak", SampleStatistics.of(memory).text("%.2f"));
    }
    return new Outcome(SampleStatistics.of(ours).median(), metrics);
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
    resetPeakMemory();
    long start = System.nanoTime();
    long steps = 0;
    do {
      step.run();
      steps++;
    } while (System.nanoTime() - start < seconds * 1e9);
    double took = (System.nanoTime() - start) / 1e9;
    return new ReferenceProcess.Turn(steps * rows / took, CpuInfo.processBytes("VmHWM"));
  }

  private static void resetPeakMemory() {
    try {
      Files.writeString(Path.of("/proc/self/clear_refs"), "5");
    } catch (IOException e) {
      // Not Linux, or not permitted: the peak is then that of the whole run.
    }
  }
}

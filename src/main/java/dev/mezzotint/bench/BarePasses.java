package dev.mezzotint.bench;

import dev.mezzotint.model.MlpConfig;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.TrainStep;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.ModelResolver;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Measures bare passes of a network against the rate of plain matrix products on the same machine.
 * That rate is not a peak: a network whose convolutions suit the caches better can exceed it.
 */
record BarePasses(Device device, ModelFiles files, ModelInfo info) {
  /** Layers of this width spend their time in matrix products. */
  private static final int WIDE = 1024;

  private static final double PRODUCT_SECONDS = 0.5;

  void measure(List<Integer> batches, SideBySide turns, BenchReport report) {
    double operations = OperationCount.operations(files.config(), info.height(), info.width());
    List<Object> cases = new ArrayList<>();
    List<Double> rates = new ArrayList<>();
    int most = Collections.max(batches);
    try (SamplingNetwork network = ModelResolver.load(device, files);
        SamplingNetwork.Slots slots = network.slots(most, info.height(), info.width());
        Products products = new Products(device)) {
      fill(slots, most);
      rates.add(products.operationsPerSecond());
      for (int rows : batches) {
        Runnable pass = pass(slots, rows);
        for (int i = 0; i < 3; i++) {
          pass.run();
        }
        SideBySide.Outcome outcome = turns.measure(rows, pass);
        double after = products.operationsPerSecond();
        double share = outcome.rate() * operations / ((rates.get(rates.size() - 1) + after) / 2);
        rates.add(after);
        outcome.metrics().put("shareOfMatrixProducts", share);
        report.print("     %.3f of the rate of plain matrix products", share);
        cases.add(outcome.metrics());
      }
    }
    double[] all = rates.stream().mapToDouble(rate -> rate / 1e9).toArray();
    report.print(
        "one row-step is %.2f GFLOP; plain matrix products run at %s GFLOP/s",
        operations / 1e9, SampleStatistics.of(all).text("%.0f"));
    report.put("operationsPerRowStep", operations);
    report.put("matrixProductGflops", SampleStatistics.of(all).toMap());
    report.put("cases", cases);
  }

  private void fill(SamplingNetwork.Slots slots, int rows) {
    int values = info.values();
    float[] x0 = new float[values];
    float[] condition =
        new float[files.config().conditionChannels() * info.height() * info.width()];
    for (int row = 0; row < rows; row++) {
      slots.put(new long[] {row}, x0, condition);
    }
  }

  private static Runnable pass(SamplingNetwork.Slots slots, int rows) {
    long[] named = new long[rows];
    float[] alpha = new float[rows];
    float[] coefficients = new float[4 * rows];
    for (int row = 0; row < rows; row++) {
      named[row] = row;
      alpha[row] = 0.5f;
      coefficients[4 * row] = 1e-3f;
    }
    long[] one = {0};
    return () -> {
      slots.step(named, alpha, coefficients, new long[rows]);
      slots.take(one); // waits for asynchronous devices
    };
  }

  /** The rate of matrix products on this device, by the same software: 1,024³ repeatedly. */
  private static final class Products implements AutoCloseable {
    private final SamplingNetwork network;
    private final SamplingNetwork.Slots slots;
    private final Runnable pass;
    private final double operations;

    Products(Device device) {
      MlpConfig wide = new MlpConfig(2, Collections.nCopies(5, WIDE));
      NetworkProgram program =
          NetworkProgram.of(wide, Parameterization.direction(1), TrainStep.defaults());
      network = device.load(program, program.initialWeights(1));
      slots = network.slots(WIDE, 1, 1);
      for (int row = 0; row < WIDE; row++) {
        slots.put(new long[] {row}, new float[2], new float[0]);
      }
      pass = pass(slots, WIDE);
      operations = (double) WIDE * OperationCount.operations(wide, 1, 1);
      pass.run();
      pass.run();
    }

    double operationsPerSecond() {
      long start = System.nanoTime();
      int passes = 0;
      do {
        pass.run();
        passes++;
      } while (System.nanoTime() - start < PRODUCT_SECONDS * 1e9);
      return passes * operations / ((System.nanoTime() - start) / 1e9);
    }

    @Override
    public void close() {
      slots.close();
      network.close();
    }
  }
}

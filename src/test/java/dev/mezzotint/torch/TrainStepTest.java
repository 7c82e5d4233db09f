package dev.mezzotint.torch;

import static dev.mezzotint.network.Precision.FLOAT32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.iadb.Iadb;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.Prediction;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.model.UNetConfig;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.OptimizerState;
import dev.mezzotint.network.OptimizerState.Part;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.Precision;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.TrainStep;
import dev.mezzotint.network.TrainStep.Loss;
import dev.mezzotint.network.TrainingNetwork;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TrainStepTest {
  private static final UNetConfig TINY =
      UNetConfig.parse(
          JsonObject.parse(
              """
              {"in_channels": 1, "out_channels": 1, "block_out_channels": [8, 8],
               "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
               "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
               "layers_per_block": 1, "norm_num_groups": 4, "attention_head_dim": 4}
              """));
  private static final NetworkProgram PROGRAM =
      NetworkProgram.of(TINY, Parameterization.direction(1000), TrainStep.defaults());
  private static final TorchDevice CPU = TorchDevice.open("cpu", 1);
  private static final int ROWS = 8;
  private static final int SIDE = 8;

  @Test
  void loss_fallsOnOneImage() {
    try (TrainingNetwork network = start()) {
      double first = average(network, 0, 20);
      for (int i = 20; i < 200; i++) {
        network.step(batch(i), 3e-3, 0.9);
      }
      double last = average(network, 200, 20);
      assertThat(last).isLessThan(0.5 * first);
    }
  }

  @Test
  void resume_fromAState_givesTheSameNumbers() {
    Map<String, Tensor> straight;
    try (TrainingNetwork network = start()) {
      average(network, 0, 6);
      straight = state(network).weights();
    }
    OptimizerState half;
    try (TrainingNetwork network = start()) {
      average(network, 0, 3);
      half = state(network);
    }
    try (TrainingNetwork network = CPU.train(PROGRAM, half)) {
      average(network, 3, 3);
      assertSame(straight, state(network).weights());
      assertThat(network.iteration()).isEqualTo(6);
    }
  }

  @Test
  void ema_followsTheWeights() {
    try (TrainingNetwork network = start()) {
      Map<String, Tensor> before = state(network).weights();
      network.step(batch(0), 1e-3, 0.25);
      OptimizerState after = state(network);
      for (String name : before.keySet()) {
        float[] old = before.get(name).toFloats();
        float[] now = after.weights().get(name).toFloats();
        float[] ema = after.ema().get(name).toFloats();
        for (int i = 0; i < old.length; i++) {
          assertThat((double) ema[i])
              .isCloseTo(0.25 * old[i] + 0.75 * now[i], org.assertj.core.data.Offset.offset(1e-6));
        }
      }
    }
  }

  @Test
  void firstAdamStep_movesWeightsByTheLearningRate() {
    try (TrainingNetwork network = start()) {
      Map<String, Tensor> before = state(network).weights();
      network.step(batch(0), 1e-3, 0);
      float[] old = before.get("conv_out.weight").toFloats();
      float[] now = network.read(Part.WEIGHTS, "conv_out.weight").toFloats();
      for (int i = 0; i < old.length; i++) {
        assertThat((double) Math.abs(now[i] - old[i]))
            .isCloseTo(1e-3, org.assertj.core.data.Offset.offset(2e-5));
      }
    }
  }

  @Test
  void loss_isTheMeanSquaredErrorOfTheDirection() {
    TrainingNetwork.Batch batch = batch(0);
    Map<String, Tensor> weights = PROGRAM.initialWeights(1);
    float[] xAlpha = new float[batch.x1().length];
    int pixels = SIDE * SIDE;
    float[] t = new float[ROWS];
    for (int i = 0; i < xAlpha.length; i++) {
      float alpha = batch.alpha()[i / pixels];
      xAlpha[i] = (1 - alpha) * batch.x0()[i] + alpha * batch.x1()[i];
      t[i / pixels] = alpha * 1000;
    }
    double expected = 0;
    try (SamplingNetwork network = CPU.load(PROGRAM, weights)) {
      float[] d = network.evaluate(xAlpha, SIDE, SIDE, t, new long[ROWS]);
      for (int i = 0; i < d.length; i++) {
        double error = d[i] - (batch.x1()[i] - batch.x0()[i]);
        expected += error * error / d.length;
      }
    }
    try (TrainingNetwork network = start()) {
      assertThat(network.step(batch, 1e-3, 0).loss())
          .isCloseTo(expected, org.assertj.core.data.Offset.offset(1e-4));
    }
  }

  @Test
  void loss_ofAPatchedNetwork_isThatOfItsImages_andFalls() {
    NetworkConfig plain =
        NetworkConfig.parse(
            JsonObject.parse(
                """
                {"in_channels": 4, "out_channels": 4, "block_out_channels": [8, 8],
                 "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
                 "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
                 "layers_per_block": 1, "norm_num_groups": 4, "attention_head_dim": 4}
                """));
    NetworkProgram program =
        NetworkProgram.of(
            plain.withPatch(2), Parameterization.direction(1000), TrainStep.defaults());
    double expected = directionError(program, Prediction.DIRECTION, 0);
    try (TrainingNetwork network =
        CPU.train(program, OptimizerState.initial(program.initialWeights(1)))) {
      assertThat(network.step(batch(0), 3e-3, 0.9).loss())
          .isCloseTo(expected, org.assertj.core.data.Offset.offset(1e-4));
      double first = average(network, 1, 20);
      average(network, 21, 180);
      assertThat(average(network, 201, 20)).isLessThan(0.5 * first);
    }
  }

  /** α within 0.05 of the end where the formula divides by zero is left out of the batch. */
  @ParameterizedTest
  @EnumSource(
      value = Prediction.class,
      names = {"X0", "X1", "DIRECTION"})
  void directionLoss_isTheErrorOfTheDirectionThatTheSamplerUses(Prediction prediction) {
    TrainStep step =
        new TrainStep(
            new Loss.Mean(), /* directionLoss= */ true, 0.9, 0.999, 1e-8, 0, 0, 0, FLOAT32);
    NetworkProgram program =
        NetworkProgram.of(
            TINY, new Parameterization(prediction, 1000, java.util.Optional.empty()), step);
    double expected = directionError(program, prediction, 0.06f);
    try (TrainingNetwork network =
        CPU.train(program, OptimizerState.initial(program.initialWeights(1)))) {
      assertThat(network.step(inner(0.06f), 3e-3, 0.9).loss() / expected)
          .isCloseTo(1, org.assertj.core.data.Offset.offset(1e-4));
    }
  }

  @Test
  void directionLoss_isBoundedWhereItsFormulaDividesByZero() {
    TrainStep step =
        new TrainStep(
            new Loss.Mean(), /* directionLoss= */ true, 0.9, 0.999, 1e-8, 0, 0, 0, FLOAT32);
    TrainingNetwork.Batch batch = batch(0);
    Arrays.fill(batch.alpha(), 1);
    double[] losses = new double[2];
    for (int i = 0; i < 2; i++) {
      NetworkProgram program =
          NetworkProgram.of(
              TINY,
              new Parameterization(Prediction.X1, 1000, java.util.Optional.empty()),
              i == 0 ? TrainStep.defaults() : step);
      try (TrainingNetwork network =
          CPU.train(program, OptimizerState.initial(program.initialWeights(1)))) {
        losses[i] = network.step(batch, 0, 0).loss();
      }
    }
    assertThat(losses[1] / losses[0])
        .isCloseTo(
            1 / (TrainStep.SHARE_MIN * TrainStep.SHARE_MIN),
            org.assertj.core.data.Offset.offset(0.1));
  }

  /** A batch whose α are at least this far from both ends. */
  private static TrainingNetwork.Batch inner(float margin) {
    TrainingNetwork.Batch batch = batch(0);
    for (int row = 0; row < ROWS; row++) {
      batch.alpha()[row] = Math.max(margin, Math.min(1 - margin, batch.alpha()[row]));
    }
    return batch;
  }

  /** Mean of the squared errors of the direction that follows from the network's output. */
  private static double directionError(
      NetworkProgram program, Prediction prediction, float margin) {
    TrainingNetwork.Batch batch = inner(margin);
    float[] xAlpha = new float[batch.x1().length];
    float[] t = new float[ROWS];
    for (int i = 0; i < xAlpha.length; i++) {
      float alpha = batch.alpha()[i / (SIDE * SIDE)];
      xAlpha[i] = (1 - alpha) * batch.x0()[i] + alpha * batch.x1()[i];
      t[i / (SIDE * SIDE)] = alpha * 1000;
    }
    try (SamplingNetwork network = CPU.load(program, program.initialWeights(1))) {
      float[] y = network.evaluate(xAlpha, SIDE, SIDE, t, new long[ROWS]);
      double sum = 0;
      for (int i = 0; i < y.length; i++) {
        double direction =
            Iadb.directionFrom(prediction, xAlpha[i], y[i], batch.alpha()[i / (SIDE * SIDE)]);
        double error = direction - (batch.x1()[i] - batch.x0()[i]);
        sum += error * error;
      }
      return sum / y.length;
    }
  }

  @Test
  void microBatches_giveTheGradientsOfTheBatch() {
    for (Loss loss : List.of(new Loss.Mean(), new Loss.Sum(), new Loss.Huber(0.3))) {
      OptimizerState whole = afterOne(with(loss, 0, FLOAT32));
      OptimizerState parts = afterOne(with(loss, 2, FLOAT32));
      whole
          .firstMoments()
          .forEach(
              (name, moments) -> {
                float[] expected = moments.toFloats();
                float[] actual = parts.firstMoments().get(name).toFloats();
                // The gradient of a key's bias is rounding only: softmax is invariant to it.
                double size = name.endsWith("to_k.bias") ? 1e-3 : largest(expected);
                for (int i = 0; i < expected.length; i++) {
                  assertThat((actual[i] - expected[i]) / size)
                      .as(name + " with " + loss)
                      .isCloseTo(0, org.assertj.core.data.Offset.offset(2e-3));
                }
              });
    }
  }

  @Test
  void clipping_scalesTheGradientDownToItsNorm() {
    TrainStep unlimited = TrainStep.defaults();
    double norm;
    NetworkProgram program = NetworkProgram.of(TINY, Parameterization.direction(1000), unlimited);
    try (TrainingNetwork network =
        CPU.train(program, OptimizerState.initial(program.initialWeights(1)))) {
      norm = network.step(batch(0), 1e-3, 0).gradientNorm();
    }
    float[] whole = moments(unlimited);
    float[] clipped = moments(clipping(0.25 * norm));
    double largest = largest(whole);
    for (int i = 0; i < whole.length; i++) {
      assertThat(clipped[i] / largest)
          .isCloseTo(0.25 * whole[i] / largest, org.assertj.core.data.Offset.offset(1e-4));
    }
    assertThat(moments(clipping(4 * norm))).isEqualTo(whole);
  }

  private static TrainStep clipping(double norm) {
    return new TrainStep(
        new Loss.Mean(), /* directionLoss= */ false, 0.9, 0.999, 1e-8, 0, norm, 0, FLOAT32);
  }

  /** The gradient of one weight, times 1 − β1. */
  private static float[] moments(TrainStep step) {
    return afterOne(step).firstMoments().get("conv_in.weight").toFloats();
  }

  @Test
  void microBatches_giveTheLossOfTheBatch() {
    for (Loss loss : List.of(new Loss.Mean(), new Loss.Sum(), new Loss.Huber(0.3))) {
      assertThat(firstLoss(with(loss, 4, FLOAT32)) / firstLoss(with(loss, 0, FLOAT32)))
          .isCloseTo(1, org.assertj.core.data.Offset.offset(1e-5));
    }
  }

  @Test
  void huberLoss_isQuadraticThenLinear() {
    double mean = firstLoss(with(new Loss.Mean(), 0, FLOAT32));
    assertThat(firstLoss(with(new Loss.Huber(1e4), 0, FLOAT32)) / (mean / 2))
        .isCloseTo(1, org.assertj.core.data.Offset.offset(1e-5));
    double small = firstLoss(with(new Loss.Huber(1e-3), 0, FLOAT32));
    assertThat(small).isBetween(1e-3 * 0.5 * Math.sqrt(mean), 1e-3 * Math.sqrt(mean));
  }

  @Test
  void bf16_trainsWithFloat32MasterWeights() {
    TrainStep half = with(new Loss.Mean(), 0, Precision.BF16);
    double exact = firstLoss(with(new Loss.Mean(), 0, FLOAT32));
    assertThat(firstLoss(half) / exact).isCloseTo(1, org.assertj.core.data.Offset.offset(0.02));
    NetworkProgram program = NetworkProgram.of(TINY, Parameterization.direction(1000), half);
    try (TrainingNetwork network =
        CPU.train(program, OptimizerState.initial(program.initialWeights(1)))) {
      // bfloat16 would lose a step of this size: its values near 1 are 1/128 apart.
      float before = network.read(Part.WEIGHTS, "conv_norm_out.weight").toFloats()[0];
      network.step(batch(0), 1e-4, 0);
      float after = network.read(Part.WEIGHTS, "conv_norm_out.weight").toFloats()[0];
      assertThat((double) Math.abs(after - before))
          .isCloseTo(1e-4, org.assertj.core.data.Offset.offset(2e-5));
      double first = average(network, 0, 20);
      average(network, 20, 160);
      assertThat(average(network, 180, 20)).isLessThan(0.5 * first);
    }
  }

  private static OptimizerState state(TrainingNetwork network) {
    return new OptimizerState(
        all(network, Part.WEIGHTS),
        all(network, Part.EMA),
        all(network, Part.FIRST_MOMENTS),
        all(network, Part.SECOND_MOMENTS),
        network.iteration());
  }

  private static Map<String, Tensor> all(TrainingNetwork network, Part part) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    PROGRAM.weights().keySet().forEach(name -> tensors.put(name, network.read(part, name)));
    return tensors;
  }

  private static TrainStep with(Loss loss, int microBatch, Precision precision) {
    return new TrainStep(
        loss, /* directionLoss= */ false, 0.9, 0.999, 1e-8, 0, 0, microBatch, precision);
  }

  private static double firstLoss(TrainStep step) {
    NetworkProgram program = NetworkProgram.of(TINY, Parameterization.direction(1000), step);
    try (TrainingNetwork network =
        CPU.train(program, OptimizerState.initial(program.initialWeights(1)))) {
      return network.step(batch(0), 1e-3, 0).loss();
    }
  }

  private static OptimizerState afterOne(TrainStep step) {
    NetworkProgram program = NetworkProgram.of(TINY, Parameterization.direction(1000), step);
    try (TrainingNetwork network =
        CPU.train(program, OptimizerState.initial(program.initialWeights(1)))) {
      network.step(batch(0), 1e-3, 0);
      return state(network);
    }
  }

  private static double largest(float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  @Test
  void steps_leaveNoArrays() {
    try (TorchTraining network = (TorchTraining) start()) {
      int before = network.arrays();
      average(network, 0, 50);
      network.ema();
      assertThat(network.arrays()).isEqualTo(before);
    }
  }

  private static TrainingNetwork start() {
    return CPU.train(PROGRAM, OptimizerState.initial(PROGRAM.initialWeights(1)));
  }

  private static double average(TrainingNetwork network, int from, int steps) {
    double sum = 0;
    for (int i = from; i < from + steps; i++) {
      sum += network.step(batch(i), 3e-3, 0.9).loss();
    }
    return sum / steps;
  }

  private static TrainingNetwork.Batch batch(int iteration) {
    int pixels = SIDE * SIDE;
    float[] x1 = new float[ROWS * pixels];
    float[] x0 = new float[ROWS * pixels];
    float[] alpha = new float[ROWS];
    for (int row = 0; row < ROWS; row++) {
      Arrays.fill(x1, row * pixels, row * pixels + pixels / 2, 0.8f);
      Arrays.fill(x1, row * pixels + pixels / 2, (row + 1) * pixels, -0.8f);
      Noise.gaussian(7, (long) iteration * ROWS + row, x0, row * pixels, pixels);
      alpha[row] = (float) Noise.uniform(8, (long) iteration * ROWS + row, 0);
    }
    return new TrainingNetwork.Batch(x1, x0, new float[0], alpha, new long[ROWS], 1, 0, SIDE, SIDE);
  }

  private static void assertSame(Map<String, Tensor> expected, Map<String, Tensor> actual) {
    for (String name : expected.keySet()) {
      assertThat(actual.get(name).toFloats()).isEqualTo(expected.get(name).toFloats());
    }
  }
}

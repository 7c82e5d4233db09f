package dev.mezzotint.network;

import dev.mezzotint.iadb.DdpmSchedule;
import dev.mezzotint.iadb.Iadb;
import dev.mezzotint.iadb.Prediction;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.network.Graph.Value;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Maps α to a network's timestep and a network's output to a direction: {@link Iadb#directionFrom}
 * as a part of the program, so that samplers and the step loop see directions only.
 *
 * @param prediction what the network predicts
 * @param timestepScale the network's timestep is α·timestepScale: 1 for networks trained by the
 *     paper's code, 16 for those trained by this project; ignored with a noise schedule
 * @param ddpm the noise schedule of a network that was trained for DDPM, with ε or x1 as its
 *     output: it expects its input at unit variance and the timestep of this schedule
 */
public record Parameterization(
    Prediction prediction, double timestepScale, Optional<DdpmSchedule> ddpm) {

  public Parameterization {
    if (prediction == Prediction.EPSILON
        ? ddpm.isEmpty()
        : ddpm.isPresent() && !prediction.mayHaveNoiseSchedule()) {
      throw new IllegalArgumentException(
          "a noise schedule must be given for epsilon, may be for x1, and for no other prediction");
    }
  }

  /** A network that predicts x1 − x0. */
  public static Parameterization direction(double timestepScale) {
    return new Parameterization(Prediction.DIRECTION, timestepScale, Optional.empty());
  }

  public static Parameterization of(ModelCard card) {
    return new Parameterization(card.prediction(), card.timestepScale(), card.noiseSchedule());
  }

  /** The network's timestep at α. */
  public float timestep(float alpha) {
    return ddpm.isPresent()
        ? (float) ddpm.get().timestep(regular(alpha))
        : (float) regular(alpha) * (float) timestepScale;
  }

  /** The factor of x in the network's input at α. */
  public float inputScale(float alpha) {
    return ddpm.isPresent() ? (float) Iadb.ddpmScale(regular(alpha)) : 1;
  }

  /**
   * Converts a network's outputs to directions.
   *
   * @param output replaced by the directions
   * @param x the blends; read from {@code offset}
   */
  public void toDirection(float[] output, int from, int to, float[] x, int offset, float alpha) {
    if (prediction == Prediction.DIRECTION) {
      return;
    }
    double a = regular(alpha);
    for (int k = from; k < to; k++) {
      double blend = x[offset + k - from];
      if (prediction == Prediction.EPSILON) {
        double x1 = (blend - (1 - a) * output[k]) / a;
        output[k] = (float) (Math.max(-1, Math.min(1, x1)) - output[k]);
      } else {
        // x1 of a network for DDPM within the range of pixels, as in DDPM's samplers.
        double predicted = ddpm.isPresent() ? Math.max(-1, Math.min(1, output[k])) : output[k];
        output[k] = (float) Iadb.directionFrom(prediction, blend, predicted, a);
      }
    }
  }

  private double regular(double alpha) {
    return ddpm.map(
            schedule -> Math.max(schedule.alphaStart(), Math.min(schedule.alphaEnd(), alpha)))
        .orElse(Iadb.regularAlpha(prediction, alpha));
  }

  /**
   * The method {@code direction(x N×C×H×W, condition N×K×H×W, alpha N, classes N, w) → N×C×H×W}.
   */
  String directionMethod(boolean conditioned) {
    TorchScriptGraph g = new TorchScriptGraph();
    Value x = new Value("x");
    Value a = regularAlpha(g, new Value("alpha"));
    Value share = g.emit("torch.view(%s, [-1, 1, 1, 1])", a);
    Value seen = ddpm.isPresent() ? scaled(g, x, share) : x;
    Value input = conditioned ? g.emit("torch.cat([%s, condition], 1)", seen) : seen;
    Value t =
        ddpm.isPresent()
            ? timestep(g, a)
            : g.emit("torch.mul(%s, %s)", a, TorchScriptGraph.number(timestepScale));
    Value output = g.emit("(self).forward(%s, %s, classes, w, )", input, t);
    g.returns(
        switch (prediction) {
          case DIRECTION -> output;
          case X0 -> g.emit("torch.div(torch.sub(%s, %s), %s)", x, output, share);
          case X1 -> {
            // Within the range of pixels, as in DDPM's samplers.
            Value x1 = ddpm.isPresent() ? g.emit("torch.clamp(%s, -1., 1.)", output) : output;
            yield g.emit("torch.div(torch.sub(%s, %s), torch.rsub(%s, 1.))", x1, x, share);
          }
          case EPSILON -> fromEpsilon(g, x, output, share);
        });
    return "  def direction(self: __torch__.Net, x: Tensor, condition: Tensor, alpha: Tensor,"
        + " classes: Tensor, w: List[Tensor]) -> Tensor:\n"
        + NetworkProgram.indent(g.body());
  }

  private Value regularAlpha(TorchScriptGraph g, Value alpha) {
    double low = ddpm.map(DdpmSchedule::alphaStart).orElse(Iadb.regularAlpha(prediction, 0));
    double high = ddpm.map(DdpmSchedule::alphaEnd).orElse(Iadb.regularAlpha(prediction, 1));
    return low == 0 && high == 1
        ? alpha
        : g.emit(
            "torch.clamp(%s, %s, %s)",
            alpha, TorchScriptGraph.number(low), TorchScriptGraph.number(high));
  }

  /** x_t = x_α / √(α² + (1 − α)²). */
  private static Value scaled(TorchScriptGraph g, Value x, Value share) {
    return g.emit(
        "torch.div(%s, torch.sqrt(torch.add(torch.square(%s), torch.square(torch.rsub(%s, 1.)))))",
        x, share, share);
  }

  /** The position of ᾱ = α² / (α² + (1 − α)²) between integer timesteps; float64, for ᾱ near 1. */
  private Value timestep(TorchScriptGraph g, Value a) {
    double[] bars = ddpm.orElseThrow().alphaBars();
    String literals =
        Arrays.stream(bars).mapToObj(TorchScriptGraph::number).collect(Collectors.joining(", "));
    Value table =
        g.emit("torch.tensor([" + literals + "], dtype=7, device=ops.prim.device(%s))", a);
    Value wide = g.emit("torch.to(%s, 7)", a);
    Value square = g.emit("torch.square(%s)", wide);
    Value bar =
        g.emit(
            "torch.div(%s, torch.add(%s, torch.square(torch.rsub(%s, 1.))))", square, square, wide);
    Value above =
        g.emit(
            "torch.sum(torch.gt(torch.unsqueeze(%s, 0), torch.unsqueeze(%s, 1)), [1], False)",
            table, bar);
    Value lower =
        g.emit("torch.clamp(torch.sub(%s, 1), 0, %s)", above, Integer.toString(bars.length - 2));
    Value upper = g.emit("torch.add(%s, 1)", lower);
    Value from = g.emit("torch.index_select(%s, 0, %s)", table, lower);
    Value to = g.emit("torch.index_select(%s, 0, %s)", table, upper);
    Value part = g.emit("torch.div(torch.sub(%s, %s), torch.sub(%s, %s))", from, bar, from, to);
    return g.emit("torch.to(torch.add(%s, torch.clamp(%s, 0., 1.)), 6)", lower, part);
  }

  /**
   * Computes x1 from ε and clamps it to the range of pixels, as DDPM's samplers do: at α = 0.006 an
   * error of ε would enter x1 multiplied by 160. Then D = x1 − ε, which is (x − ε) / α where
   * nothing was clamped.
   */
  private static Value fromEpsilon(TorchScriptGraph g, Value x, Value epsilon, Value share) {
    Value x1 =
        g.emit(
            "torch.div(torch.sub(%s, torch.mul(torch.rsub(%s, 1.), %s)), %s)",
            x, share, epsilon, share);
    return g.emit("torch.sub(torch.clamp(%s, -1., 1.), %s)", x1, epsilon);
  }
}

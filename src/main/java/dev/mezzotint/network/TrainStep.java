package dev.mezzotint.network;

import dev.mezzotint.iadb.Prediction;

/**
 * A training step as one method of the program: blend, evaluate, loss, gradients, clip, Adam,
 * moving average.
 *
 * <pre>
 * train_step(x1 N×C×H×W data, x0 N×C×H×W noise, condition N×K×H×W, alpha N, classes N int64,
 *            rates 2 float64 on the CPU (learning rate, EMA decay),
 *            w, m, v, steps, ema lists in the order of the weights) → 2 (loss, gradient norm)
 * x_α    = (1 − α)·x0 + α·x1                    (paper, α-blending)
 * loss   = mean or sum of (D(x_α, α) − (x1 − x0))²   (paper, algorithm 3), or Huber's
 *          or against x0 or x1, for networks that predict these; with {@code directionLoss} both
 *          sides divided by α or 1 − α, which makes it the error of the direction
 * </pre>
 *
 * {@code w}, {@code m} and {@code v} (Adam's moments), {@code steps} (Adam's counters, one scalar
 * per weight) and {@code ema} are changed in place. The gradient norm is the one before clipping.
 *
 * @param loss reduces the errors to one number
 * @param directionLoss whether the errors of x0 or x1 are taken as errors of the direction that
 *     follows from them (Li and He 2025): what the sampler uses is what training weighs. Within
 *     {@link #SHARE_MIN} of the end where the formula divides by zero, by that share
 * @param beta1 Adam's first decay
 * @param beta2 Adam's second decay
 * @param epsilon Adam's ε
 * @param weightDecay decoupled (AdamW); 0 for Adam
 * @param clipNorm gradients are scaled down to this norm; 0 for never
 * @param microBatch rows per evaluation, with gradients accumulated before the update; 0 for all,
 *     otherwise the batch must be a multiple
 * @param precision of the evaluation; weights, gradients, moments and average are float32
 */
public record TrainStep(
    Loss loss,
    boolean directionLoss,
    double beta1,
    double beta2,
    double epsilon,
    double weightDecay,
    double clipNorm,
    int microBatch,
    Precision precision) {

  /** Divides errors where α or 1 − α is smaller: no row weighs more than 400 times. */
  public static final double SHARE_MIN = 0.05;

  /** Reduction of the errors of all rows, channels and pixels. */
  public sealed interface Loss {
    /** Mean of the squares. */
    record Mean() implements Loss {}

    /** Sum of the squares, as in the paper's code; Adam is nearly invariant to the scale. */
    record Sum() implements Loss {}

    /**
     * Mean of e²/2 for errors up to delta, of delta·(|e| − delta/2) above: less sensitive to
     * outliers.
     */
    record Huber(double delta) implements Loss {}
  }

  /** Mean squared error and Adam with PyTorch's defaults. */
  public static TrainStep defaults() {
    return new TrainStep(
        new Loss.Mean(), /* directionLoss= */ false, 0.9, 0.999, 1e-8, 0, 0, 0, Precision.FLOAT32);
  }

  /** The code of the methods; conditions are appended to the channels of x. */
  String method(boolean conditioned, Parameterization reading) {
    String clip =
        clipNorm == 0
            ? ""
            : "    share = torch.clamp_max(torch.mul(torch.reciprocal(torch.add(norm, 1e-06)), %s), 1.)\n"
                    .formatted(TorchScriptGraph.number(clipNorm))
                + "    torch._foreach_mul_(gs, share)\n";
    String update = weightDecay == 0 ? "torch._fused_adam_" : "torch._fused_adamw_";
    return LOSS_OF.formatted(
            conditioned ? "torch.cat([xa, condition], 1)" : "xa",
            precision == Precision.BF16 ? "(self).cast(ps, 15, False, )" : "ps",
            TorchScriptGraph.number(reading.timestepScale()),
            lossOf(reading.prediction()))
        + GRADIENTS
        + METHOD.formatted(
            microBatch == 0
                ? AT_ONCE
                : IN_PARTS.formatted(microBatch, microBatch, microBatch, share()),
            clip,
            update,
            TorchScriptGraph.number(beta1),
            TorchScriptGraph.number(beta2),
            TorchScriptGraph.number(weightDecay),
            TorchScriptGraph.number(epsilon));
  }

  private String lossOf(Prediction prediction) {
    String output = asDirection("d", prediction);
    String target = asDirection(target(prediction), prediction);
    if (loss instanceof Loss.Huber huber) {
      return "torch.huber_loss(%s, %s, 1, %s)"
          .formatted(output, target, TorchScriptGraph.number(huber.delta()));
    }
    return "torch.mse_loss(%s, %s, %s)".formatted(output, target, loss instanceof Loss.Sum ? 2 : 1);
  }

  /**
   * With {@link #directionLoss}, what this x0 or x1 contributes to the direction (x1 − x_α) / (1 −
   * α) or (x_α − x0) / α, up to its sign: x_α itself cancels in the error.
   */
  private String asDirection(String value, Prediction prediction) {
    if (!directionLoss || prediction == Prediction.DIRECTION) {
      return value;
    }
    String share = prediction == Prediction.X1 ? "torch.rsub(a, 1.)" : "a";
    return "torch.div(%s, torch.clamp_min(%s, %s))"
        .formatted(value, share, TorchScriptGraph.number(SHARE_MIN));
  }

  /** A part's contribution to the loss of the whole batch. */
  private String share() {
    return loss instanceof Loss.Sum ? "part" : "torch.div(part, parts)";
  }

  private static String target(Prediction prediction) {
    return switch (prediction) {
      case DIRECTION -> "torch.sub(x1, x0)";
      case X0, EPSILON -> "x0";
      case X1 -> "x1";
    };
  }

  private static final String LOSS_OF =
      """
        def loss_of(self: __torch__.Net, x1: Tensor, x0: Tensor, condition: Tensor, alpha: Tensor, classes: Tensor, ps: List[Tensor]) -> Tensor:
          a = torch.view(alpha, [-1, 1, 1, 1])
          xa = torch.add(torch.mul(torch.rsub(a, 1.), x0), torch.mul(a, x1))
          input = %s
          ws = %s
          d = (self).forward(input, torch.mul(alpha, %s), classes, ws, )
          return %s
      """;

  // Gradients must be contiguous: the fused optimizer uses raw pointers.
  private static final String GRADIENTS =
      """
        def gradients(self: __torch__.Net, loss: Tensor, ps: List[Tensor]) -> List[Tensor]:
          found = torch.grad([loss], ps, None, None, False, False)
          gs = annotate(List[Tensor], [])
          for i in range(torch.len(found)):
            g = found[i]
            if torch.__isnot__(g, None):
              g2 = unchecked_cast(Tensor, g)
              _0 = torch.append(gs, torch.contiguous(g2))
            else:
              ops.prim.RaiseException("no gradient", "builtins.RuntimeError")
          return gs
      """;

  private static final String AT_ONCE =
      """
          loss = (self).loss_of(x1, x0, condition, alpha, classes, ps, )
          gs = (self).gradients(loss, ps, )
      """;

  private static final String IN_PARTS =
      """
          parts = torch.floordiv(torch.size(x1, 0), %s)
          gs = annotate(List[Tensor], [])
          for i in range(torch.len(ps)):
            _1 = torch.append(gs, torch.zeros_like(w[i]))
          loss = torch.zeros([], dtype=6, layout=None, device=ops.prim.device(x1))
          for k in range(parts):
            low = torch.mul(k, %s)
            high = torch.add(low, %s)
            part = (self).loss_of(torch.slice(x1, 0, low, high), torch.slice(x0, 0, low, high), torch.slice(condition, 0, low, high), torch.slice(alpha, 0, low, high), torch.slice(classes, 0, low, high), ps, )
            weighted = %s
            torch._foreach_add_(gs, (self).gradients(weighted, ps, ), alpha=1)
            _2 = torch.add_(loss, torch.detach(weighted))
      """;

  private static final String METHOD =
      """
        def train_step(self: __torch__.Net, x1: Tensor, x0: Tensor, condition: Tensor, alpha: Tensor, classes: Tensor, rates: Tensor, w: List[Tensor], m: List[Tensor], v: List[Tensor], steps: List[Tensor], ema: List[Tensor]) -> Tensor:
          ps = annotate(List[Tensor], [])
          for i in range(torch.len(w)):
            p = torch.requires_grad_(torch.detach(w[i]), True)
            _0 = torch.append(ps, p)
      %s    values = annotate(List[Tensor], [])
          for i in range(torch.len(ps)):
            _3 = torch.append(values, torch.detach(ps[i]))
          norm = torch.linalg_vector_norm(torch.stack(torch._foreach_norm(gs)))
      %s    torch._foreach_add_(steps, 1)
          %s(values, gs, m, v, annotate(List[Tensor], []), steps, lr=float(torch.select(rates, 0, 0)), beta1=%s, beta2=%s, weight_decay=%s, eps=%s, amsgrad=False, maximize=False)
          torch._foreach_lerp_(ema, values, torch.sub(1., float(torch.select(rates, 0, 1))))
          return torch.stack([torch.detach(loss), norm])
      """;
}

package dev.mezzotint.cli;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.generation.ImageSettings;
import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Guidance;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.sampling.ModelInfo;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of a sampling trajectory: solver, steps, schedule and guidance. */
final class SolverOptions {
  @Option(
      names = "--steps",
      paramLabel = "T",
      description = "Intervals of alpha, 1 to 1000; default as on the model's card.")
  private @Nullable Integer steps;

  @Option(
      names = "--sampler",
      completionCandidates = Choices.Samplers.class,
      paramLabel = "NAME",
      description = "euler, midpoint, heun, rk4, ab2 or ab3; default as on the model's card.")
  private @Nullable String sampler;

  @Option(
      names = "--schedule",
      paramLabel = "S",
      description =
          "Placement of the steps: uniform, cosine, shift:S, a list 0,...,1, or tuned, as on the"
              + " model's card; default uniform.")
  private @Nullable String schedule;

  @Option(
      names = "--guidance",
      paramLabel = "W",
      description =
          "Guidance weight for class and condition, for models also trained without; default 1,"
              + " off.")
  private @Nullable Double guidance;

  @Option(names = "--cfg-zero", description = "Use CFG-Zero* guidance.")
  private boolean cfgZero;

  /** The schedule as given. */
  String schedule() {
    return schedule == null ? "uniform" : schedule;
  }

  /** Weight of the guidance; 1 for none. */
  double guidance() {
    return guidance == null ? 1 : guidance;
  }

  /** Takes the settings of an image, except where an option is given. */
  void take(ImageSettings image) {
    steps = steps == null ? Integer.valueOf(image.steps()) : steps;
    sampler = sampler == null ? image.sampler() : sampler;
    schedule = schedule == null ? image.schedule() : schedule;
    guidance = guidance == null ? Double.valueOf(image.guidance()) : guidance;
  }

  Solver solver(ModelInfo info) {
    if (sampler == null) {
      return info.sampler();
    }
    try {
      return Solver.parse(sampler);
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException("--sampler", "--sampler: " + e.getMessage(), e);
    }
  }

  /** The T + 1 boundaries of the intervals of α. */
  double[] alphas(ModelInfo info, ModelCard card, double from, double to) {
    int intervals = steps == null ? info.steps() : checked(steps);
    try {
      if (steps == null && schedule().indexOf(',') >= 0) {
        intervals = schedule().split(",", -1).length - 1; // a list implies the number of steps
      }
      return schedule(card, intervals).alphas(intervals, from, to);
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException("--schedule", "--schedule: " + e.getMessage(), e);
    }
  }

  private static int checked(int steps) {
    refuseIf(steps < 1 || steps > 1000, "--steps", "must be from 1 to 1000, not %s", steps);
    return steps;
  }

  private AlphaSchedule schedule(ModelCard card, int intervals) {
    if (!schedule().equals("tuned")) {
      return AlphaSchedule.parse(schedule());
    }
    return card.tunedSchedule(intervals)
        .orElseThrow(
            () ->
                new InvalidInputException(
                    "--schedule",
                    "--schedule tuned: the card of model "
                        + card.name()
                        + " has no schedule for "
                        + intervals
                        + " steps, only for "
                        + card.tuned().stream().map(ModelCard.TunedSteps::steps).toList()));
  }

  /**
   * @throws InvalidInputException if guidance is requested and the model does not support it
   */
  Guidance guidance(ModelInfo info) {
    Guidance found;
    try {
      found = new Guidance(guidance(), cfgZero);
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException("--guidance", "--" + e.getMessage(), e);
    }
    refuseIf(cfgZero && !found.guides(), "--cfg-zero", "needs a --guidance other than 1");
    if (found.guides()) {
      info.checkGuidable("--guidance");
    }
    return found;
  }
}

package dev.mezzotint.generation;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.json.InvalidInputException;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * A request together with the model it got: every default filled in.
 *
 * @param stages of each row: from α = 0, or from the α of {@code init}, to 1
 */
record Plan(
    GenerationRequest request,
    ModelInfo model,
    Solver sampler,
    int steps,
    AlphaSchedule schedule,
    List<Stage> stages) {

  /** A grid is made in memory, 3 bytes a pixel. */
  static final long GRID_PIXELS_MAX = 1L << 24;

  /**
   * @throws InvalidInputException naming the field that does not go with this model
   */
  static Plan of(GenerationRequest request, ModelInfo model, GenerationLimits limits) {
    if (model.channels() != 1 && model.channels() != 3) {
      throw new InvalidInputException(
          "model",
          "model "
              + model.reference()
              + (" gives " + model.channels() + " channels, a picture has 1 or 3"));
    }
    checkClassLabel(request, model);
    if (model.conditionChannels() > 0 && request.condition().isEmpty()) {
      throw new InvalidInputException(
          "condition", "condition is missing: model " + model.reference() + " needs one");
    }
    if (model.conditionChannels() == 0 && !request.condition().isEmpty()) {
      throw new InvalidInputException(
          "condition", "condition is not for model " + model.reference() + ", which takes none");
    }
    int conditionChannels = model.conditionChannels();
    if (!request.condition().isEmpty() && conditionChannels != 1 && conditionChannels != 3) {
      throw new InvalidInputException(
          "condition",
          "condition: model "
              + model.reference()
              + (" takes " + conditionChannels + " channels; a picture has 1 or 3"));
    }
    Solver sampler = request.sampler().orElse(model.sampler());
    int steps = request.steps().orElse(model.steps());
    long evaluations = (long) request.seeds().count() * steps * sampler.evaluationsPerStep();
    if (evaluations > limits.evaluationsMax()) {
      throw new InvalidInputException(
          "steps",
          "steps "
              + steps
              + (" with sampler " + sampler.word() + " for " + request.seeds().count())
              + (" images takes " + evaluations + " evaluations of the network, at most ")
              + (limits.evaluationsMax() + " are allowed"));
    }
    long pixels = (long) request.seeds().count() * model.height() * model.width();
    if (request.output().grid() && pixels > GRID_PIXELS_MAX) {
      throw new InvalidInputException(
          "output.grid",
          "output.grid would have " + pixels + " pixels, at most " + GRID_PIXELS_MAX + " may");
    }
    AlphaSchedule schedule = AlphaSchedule.parse(request.schedule());
    double from = request.init().map(GenerationRequest.Init::alpha).orElse(0.0);
    return new Plan(
        request, model, sampler, steps, schedule, sampler.stages(schedule.alphas(steps, from, 1)));
  }

  private static void checkClassLabel(GenerationRequest request, ModelInfo model) {
    if (model.classes().isEmpty()) {
      if (request.classLabel().isPresent()) {
        throw new InvalidInputException(
            "classLabel",
            "classLabel is not for model " + model.reference() + ", which knows no classes");
      }
      return;
    }
    int classes = model.classes().getAsInt();
    int label =
        request
            .classLabel()
            .orElseThrow(
                () ->
                    new InvalidInputException(
                        "classLabel",
                        "classLabel is missing: model "
                            + (model.reference() + " needs one from 0 to " + (classes - 1))));
    if (label >= classes) {
      throw new InvalidInputException(
          "classLabel",
          "classLabel must be from 0 to "
              + (classes - 1)
              + (" for model " + model.reference() + ", not " + label));
    }
  }

  int count() {
    return request.seeds().count();
  }

  /** Evaluations of all rows together, one a stage. */
  long stagesTotal() {
    return (long) count() * stages.size();
  }

  Manifest.Settings settings() {
    return new Manifest.Settings(
        model.reference(), sampler.word(), steps, request.schedule(), request.classLabel());
  }

  /**
   * Rows {@code from} (included) to {@code to} (excluded).
   *
   * @param row what the row of an index starts from
   */
  SamplingJob rows(int from, int to, IntFunction<SamplingJob.Row> row) {
    return new SamplingJob(
        request.id().value(),
        model,
        IntStream.range(from, to).mapToObj(row).toList(),
        stages,
        request.classLabel(),
        request.priority(),
        request.tenant(),
        request.deadline());
  }
}

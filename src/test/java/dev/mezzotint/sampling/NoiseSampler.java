package dev.mezzotint.sampling;

import dev.mezzotint.iadb.Solver;
import dev.mezzotint.image.Palette;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.network.Engine;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A sampler whose images are their noise, finished at once on the caller's thread. */
public class NoiseSampler implements Sampler {
  public static final ModelInfo TINY = model("tiny", "1");
  static final ModelInfo TEN_CLASSES =
      TestModels.model("digits", "1", 1, 4, 4, OptionalInt.of(10), 0, 4, Solver.EULER);
  static final ModelInfo CONDITIONED =
      TestModels.model("maps", "1", 3, 4, 4, OptionalInt.empty(), 3, 4, Solver.EULER);

  /** Takes a label map of three classes, and was also trained without. */
  static final ModelInfo LABELLED =
      new ModelInfo(
          "segments",
          "1",
          3,
          4,
          4,
          OptionalInt.empty(),
          List.of(
              new ConditionPart(
                  "labels",
                  ConditionPart.Kind.LABELS,
                  3,
                  Optional.of(Palette.of("sky #87ceeb", "road #804080", "car #0000e6")),
                  /* optional= */ true)),
          4,
          Solver.EULER,
          OptionalInt.empty(),
          ModelCard.GAUSSIAN,
          List.of(),
          Optional.empty(),
          /* canvas= */ Optional.empty());

  /** Models by each reference to them. */
  final Map<String, ModelInfo> models = new ConcurrentHashMap<>();

  public final AtomicInteger submitted = new AtomicInteger();
  public final AtomicInteger cancelled = new AtomicInteger();

  public NoiseSampler() {
    put(TINY);
    put(TEN_CLASSES);
    put(CONDITIONED);
    put(LABELLED);
  }

  public static ModelInfo model(String name, String version) {
    return TestModels.model(name, version, 3, 4, 4, OptionalInt.empty(), 0, 4, Solver.AB2);
  }

  /** Makes this version the latest. */
  public final void put(ModelInfo model) {
    models.put(model.name(), model);
    models.put(model.name() + "@latest", model);
    models.put(model.reference(), model);
  }

  @Override
  public ModelInfo resolve(String model, Optional<Engine> engine) {
    ModelInfo found = models.get(model);
    if (found == null) {
      throw new InvalidInputException("model", "model \"" + model + "\" is not known");
    }
    return found;
  }

  @Override
  public Running submit(SamplingJob job, RowListener listener) {
    submitted.addAndGet(job.rows().size());
    for (SamplingJob.Row row : job.rows()) {
      listener.advanced(job.stages().size());
      listener.finished(row.index(), image(job, row));
    }
    return cancelled::incrementAndGet;
  }

  public final float[] image(SamplingJob job, SamplingJob.Row row) {
    ModelInfo model = job.model();
    float[] chw = new float[model.channels() * model.height() * model.width()];
    row.x0().write(chw, 0, chw.length);
    return chw;
  }
}

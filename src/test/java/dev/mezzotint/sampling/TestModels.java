package dev.mezzotint.sampling;

import dev.mezzotint.iadb.Solver;
import dev.mezzotint.model.ModelCard;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Models for tests. */
final class TestModels {
  private TestModels() {}

  /**
   * A model from Gaussian noise, without guidance and without tuned steps.
   *
   * @param conditionChannels an image where there are 1 or 3
   */
  static ModelInfo model(
      String name,
      String version,
      int channels,
      int height,
      int width,
      OptionalInt classes,
      int conditionChannels,
      int steps,
      Solver sampler) {
    return new ModelInfo(
        name,
        version,
        channels,
        height,
        width,
        classes,
        ModelCard.defaultCondition(conditionChannels),
        steps,
        sampler,
        OptionalInt.empty(),
        ModelCard.GAUSSIAN,
        List.of(),
        Optional.empty(),
        /* canvas= */ Optional.empty());
  }
}

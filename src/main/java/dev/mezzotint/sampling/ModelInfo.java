package dev.mezzotint.sampling;

import dev.mezzotint.iadb.Solver;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.network.UnconditionalInput;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a job must know of the model that it asked for.
 *
 * @param version that {@code name} or {@code name@latest} stands for now
 * @param channels of a picture: 1 grey, 3 colour
 * @param height of a picture in pixels
 * @param width of a picture in pixels
 * @param classes how many labels the model knows; empty if it was trained without
 * @param condition what the network takes after the picture's own channels, in order, as on the
 *     card; empty for none
 * @param steps where the request says nothing
 * @param sampler where the request says nothing
 * @param nullClass the label that stands for no class; empty for a model that cannot be guided by
 *     class
 * @param p0 where x0 comes from, as on the card
 * @param tuned steps placed for this model
 */
public record ModelInfo(
    String name,
    String version,
    int channels,
    int height,
    int width,
    OptionalInt classes,
    List<ConditionPart> condition,
    int steps,
    Solver sampler,
    OptionalInt nullClass,
    String p0,
    List<ModelCard.TunedSteps> tuned) {

  public ModelInfo {
    condition = List.copyOf(condition);
    tuned = List.copyOf(tuned);
  }

  /**
   * NaN would become black without a word; the same request would give it again.
   *
   * @param chw of an image as the network left it
   * @throws InvalidInputException if a value is none
   */
  public void checkFinite(int image, float[] chw) {
    for (float value : chw) {
      if (!Float.isFinite(value)) {
        throw new InvalidInputException(
            "model",
            "model %s gave a value that is no number in image %d with these steps and sampler"
                .formatted(reference(), image));
      }
    }
  }

  /**
   * From Gaussian noise, without guidance and without steps placed for it.
   *
   * @param conditionChannels a picture where there are 1 or 3
   */
  public ModelInfo(
      String name,
      String version,
      int channels,
      int height,
      int width,
      OptionalInt classes,
      int conditionChannels,
      int steps,
      Solver sampler) {
    this(
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
        List.of());
  }

  /** Channels that the network takes after the picture's own; 0 for none. */
  public int conditionChannels() {
    return condition.stream().mapToInt(ConditionPart::channels).sum();
  }

  /** What guidance takes away; empty for a model that was never trained without. */
  public Optional<UnconditionalInput> unguided() {
    boolean dropped = !condition.isEmpty() && condition.stream().allMatch(ConditionPart::optional);
    return nullClass.isPresent() || dropped
        ? Optional.of(new UnconditionalInput(nullClass, dropped))
        : Optional.empty();
  }

  /** {@code name@version}: resolves to this and nothing else, today and later. */
  public String reference() {
    return name + "@" + version;
  }
}

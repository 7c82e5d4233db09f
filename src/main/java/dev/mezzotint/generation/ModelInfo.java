package dev.mezzotint.generation;

import dev.mezzotint.iadb.Solver;
import java.util.OptionalInt;

/**
 * What a job must know of the model that it asked for.
 *
 * @param version that {@code name} or {@code name@latest} stands for now
 * @param channels of a picture: 1 grey, 3 colour
 * @param height of a picture in pixels
 * @param width of a picture in pixels
 * @param classes how many labels the model knows; empty if it was trained without
 * @param conditionChannels that the network takes after the picture's own; 0 for none
 * @param steps where the request says nothing
 * @param sampler where the request says nothing
 */
public record ModelInfo(
    String name,
    String version,
    int channels,
    int height,
    int width,
    OptionalInt classes,
    int conditionChannels,
    int steps,
    Solver sampler) {

  /** {@code name@version}: resolves to this and nothing else, today and later. */
  public String reference() {
    return name + "@" + version;
  }
}

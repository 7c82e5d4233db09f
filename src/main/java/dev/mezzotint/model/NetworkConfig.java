package dev.mezzotint.model;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.model.UNetConfig.ClassEmbedding;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;

/**
 * What {@code config.json} says about a network, and what sampling and training must know of it
 * whatever its kind. The key {@code kind} tells kinds apart; without it the file is diffusers'.
 */
public sealed interface NetworkConfig permits UNetConfig, MlpConfig {

  /** C + K: channels of x and of the condition behind it. */
  int inChannels();

  /** C, the channels of x. */
  int outChannels();

  /** Height, and width too where {@link #sampleWidth} is empty; empty: any. */
  OptionalInt sampleSize();

  OptionalInt sampleWidth();

  /** Height and width must be multiples of this. */
  int sizeMultiple();

  /** The largest height and width that the network takes. */
  int sizeMax();

  ClassEmbedding classEmbedType();

  /** Rows of the table of classes, where there is one. */
  OptionalInt numClassEmbeds();

  /** K; below 0 for a network that cannot be sampled. */
  default int conditionChannels() {
    return inChannels() - outChannels();
  }

  /** The members of {@code config.json}. */
  Map<String, Object> toMap();

  /**
   * @throws InvalidInputException naming the key
   */
  static NetworkConfig parse(JsonObject json) {
    return json.has("kind") ? MlpConfig.parse(json) : UNetConfig.parse(json);
  }

  /**
   * {@link #parse} of a file.
   *
   * @throws InvalidInputException naming the key, or the file where it cannot be read
   */
  static NetworkConfig read(Path configJson) {
    return SmallFiles.readJson(configJson, NetworkConfig::parse);
  }
}

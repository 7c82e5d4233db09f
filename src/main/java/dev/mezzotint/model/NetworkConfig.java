package dev.mezzotint.model;

import dev.mezzotint.files.SmallFile;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.model.UNetConfig.ClassEmbedding;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Configuration of a network, from {@code config.json}: what sampling and training need to know
 * about networks of every kind. Without the key {@code kind} the file is one of diffusers.
 */
public sealed interface NetworkConfig permits UNetConfig, MlpConfig {

  /** C + K: channels of x and of the condition after it. */
  int inChannels();

  /** C, the channels of x. */
  int outChannels();

  /** Height, and width too where {@link #sampleWidth} is empty; empty: any. */
  OptionalInt sampleSize();

  default OptionalInt sampleWidth() {
    return OptionalInt.empty();
  }

  /** Height and width must be multiples of this. */
  int sizeMultiple();

  /** The largest height and width that the network takes. */
  int sizeMax();

  default ClassEmbedding classEmbedType() {
    return ClassEmbedding.NONE;
  }

  /** Rows of the table of classes, where there is one. */
  default OptionalInt numClassEmbeds() {
    return OptionalInt.empty();
  }

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
    return SmallFile.readJson(configJson, NetworkConfig::parse);
  }
}

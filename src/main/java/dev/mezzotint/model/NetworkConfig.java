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
public sealed interface NetworkConfig permits UNetConfig, PatchedUNet, MlpConfig {

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

  /** Side of the squares of pixels that the network receives as one; 1 for single pixels. */
  default int patch() {
    return 1;
  }

  /**
   * This network on images that are folded by a patch, see {@link PatchedUNet}.
   *
   * @param patch a power of two; 1 for this network itself
   * @throws InvalidInputException naming {@code patch}, or the key that does not fit
   */
  default NetworkConfig withPatch(int patch) {
    if (patch == patch()) {
      return this;
    }
    if (this instanceof UNetConfig unet) {
      return new PatchedUNet(unet, patch);
    }
    throw InvalidInputException.of("patch", "must be 1 for this network, not %s", patch);
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

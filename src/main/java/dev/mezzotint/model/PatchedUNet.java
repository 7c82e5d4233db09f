package dev.mezzotint.model;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.UNetConfig.ClassEmbedding;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * A U-Net that evaluates folded images: each square of patch×patch pixels is one pixel with patch²
 * times the channels, as by {@code torch.nn.functional.pixel_unshuffle}. All numbers here are those
 * of the images, as samplers, data sets and conditions see them; only the program folds, and {@code
 * config.json} is that of the plain {@code UNet2DModel} between the folds. Immutable.
 *
 * @param patch side of a square, a power of two above 1
 */
public record PatchedUNet(UNetConfig unet, int patch) implements NetworkConfig {
  public static final int PATCH_MAX = 64;

  /**
   * @throws InvalidInputException naming {@code patch}, or the key of {@code config.json}
   */
  public PatchedUNet {
    if (patch < 2 || patch > PATCH_MAX || Integer.bitCount(patch) != 1) {
      throw InvalidInputException.of(
          "patch", "must be a power of two from 1 to %s, not %s", PATCH_MAX, patch);
    }
    int squares = patch * patch;
    if (unet.inChannels() % squares != 0) {
      throw InvalidInputException.of(
          "in_channels",
          "is %s, but must be a multiple of %s with patch %s",
          unet.inChannels(),
          squares,
          patch);
    }
    if (unet.outChannels() % squares != 0) {
      throw InvalidInputException.of(
          "out_channels",
          "is %s, but must be a multiple of %s with patch %s",
          unet.outChannels(),
          squares,
          patch);
    }
  }

  @Override
  public int inChannels() {
    return unet.inChannels() / (patch * patch);
  }

  @Override
  public int outChannels() {
    return unet.outChannels() / (patch * patch);
  }

  @Override
  public OptionalInt sampleSize() {
    return enlarged(unet.sampleSize());
  }

  @Override
  public OptionalInt sampleWidth() {
    return enlarged(unet.sampleWidth());
  }

  private OptionalInt enlarged(OptionalInt side) {
    return side.isPresent() ? OptionalInt.of(patch * side.getAsInt()) : side;
  }

  @Override
  public int sizeMultiple() {
    return patch * unet.sizeMultiple();
  }

  @Override
  public int sizeMax() {
    return unet.sizeMax();
  }

  @Override
  public ClassEmbedding classEmbedType() {
    return unet.classEmbedType();
  }

  @Override
  public OptionalInt numClassEmbeds() {
    return unet.numClassEmbeds();
  }

  /** The plain network's, which diffusers reads. */
  @Override
  public Map<String, Object> toMap() {
    return unet.toMap();
  }

  /** The lines of Python that evaluate the plain network on images x, given its timesteps t. */
  static List<String> pythonLines(int patch) {
    return List.of(
        "y = unet(torch.nn.functional.pixel_unshuffle(x, " + patch + "), t).sample",
        "y = torch.nn.functional.pixel_shuffle(y, " + patch + ")");
  }
}

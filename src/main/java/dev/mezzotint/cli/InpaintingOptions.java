package dev.mezzotint.cli;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.iadb.Inpainting;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.sampling.InpaintingHook;
import dev.mezzotint.sampling.ModelInfo;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of {@code generate} for inpainting. */
final class InpaintingOptions {
  @Option(
      names = "--mask",
      paramLabel = "IMAGE",
      description = "Repaint --init where this is white, keep it where it is black.")
  private @Nullable String mask;

  @Option(
      names = "--repeats",
      paramLabel = "U",
      description = "With --mask: how often each step is repeated, 0 to 16; default 2.")
  private @Nullable Integer repeats;

  boolean isPresent() {
    return mask != null;
  }

  /** The stages of inpainting; empty without a mask. */
  Optional<Inpainting> plan(Solver solver, double[] alphas) {
    if (mask == null) {
      refuseIf(repeats != null, "--repeats", "is for --mask");
      return Optional.empty();
    }
    try {
      return Optional.of(Inpainting.of(solver, alphas, repeats == null ? 2 : repeats));
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException("--repeats", "--repeats: " + e.getMessage(), e);
    }
  }

  /** The mask over all channels, as {@link InpaintingHook#mask} returns it. */
  float[] maskValues(ModelInfo info) {
    float[][] images =
        LocalImages.read("--mask", String.valueOf(mask), 1, info.height(), info.width());
    refuseIf(images.length != 1, "--mask", "must be one image");
    return InpaintingHook.mask(images[0], info.channels());
  }
}

package dev.mezzotint.cli;

import dev.mezzotint.iadb.Inpainting;
import dev.mezzotint.iadb.RandomStream;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.sampling.InpaintingHook;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.StageHook;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Inpainting with {@code generate}. */
final class InpaintingOptions {
  @Option(
      names = "--mask",
      paramLabel = "PICTURE",
      description = "Paint --init anew where this is white, keep it where it is black.")
  private @Nullable String mask;

  @Option(
      names = "--repeats",
      paramLabel = "U",
      description = "With --mask: how often each step is taken again, 0 to 16; default 2.")
  private @Nullable Integer repeats;

  boolean isPresent() {
    return mask != null;
  }

  /** The stages of inpainting; empty without a mask. */
  Optional<Inpainting> inpainting(Solver solver, double[] alphas) {
    if (mask == null) {
      if (repeats != null) {
        throw new InvalidInputException("--repeats", "--repeats is for --mask");
      }
      return Optional.empty();
    }
    try {
      return Optional.of(Inpainting.of(solver, alphas, repeats == null ? 2 : repeats));
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException("--repeats", "--repeats: " + e.getMessage(), e);
    }
  }

  /** The mask over all channels: 1 where the picture is painted anew. */
  float[] maskValues(ModelInfo info) {
    float[][] pictures =
        LocalImages.read("--mask", String.valueOf(mask), 1, info.height(), info.width());
    if (pictures.length != 1) {
      throw new InvalidInputException("--mask", "--mask must be one picture");
    }
    float[] shares = new float[info.channels() * pictures[0].length];
    for (int i = 0; i < shares.length; i++) {
      shares[i] = (pictures[0][i % pictures[0].length] + 1) / 2;
    }
    return shares;
  }

  static StageHook hook(
      Inpainting plan, float[] x0, float[] known, float[] shares, long seed, int row) {
    return new InpaintingHook(plan, x0, known, shares, new RandomStream(~seed, row));
  }
}

package dev.mezzotint.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.model.MlpConfig;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.model.UNetConfig;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Against PyTorch's own counter on diffusers' network of the same configuration ({@code
 * torch.utils.flop_counter}). On the CPU that counter leaves out attention's two products: for each
 * attention layer 4·(h·w)²·channels, added here by hand.
 */
class OperationCountTest {
  @Test
  void avatars() {
    // 2 + 1 + 3 attention layers of 8×8 pixels and 128 channels.
    long attention = 6L * 4 * (8 * 8) * (8 * 8) * 128;
    assertThat(OperationCount.operations(bundled("avatars-32"), 32, 32))
        .isEqualTo(1_068_236_800L + attention);
  }

  @Test
  void classesAddNothing_conditionsWidenTheFirstLayer() {
    long attention28 = 6L * 4 * (7 * 7) * (7 * 7) * 128;
    assertThat(OperationCount.operations(bundled("fashion-28"), 28, 28))
        .isEqualTo(816_154_624L + attention28);
    // In folded images, 52 channels of x and labels come in, 12 go out.
    long attention32 = 6L * 4 * (8 * 8) * (8 * 8) * 128;
    assertThat(OperationCount.operations(bundled("drive-64"), 32, 32))
        .isEqualTo(1_102_446_592L + attention32);
  }

  @Test
  void convolutionsAreProportionalToPixels() {
    UNetConfig config = bundled("avatars-32");
    double ratio =
        (double) OperationCount.operations(config, 64, 64)
            / OperationCount.operations(config, 32, 32);
    assertThat(ratio).isBetween(4.0, 4.2); // attention grows sixteenfold, but there is little of it
  }

  @Test
  void patch_costsWhatThePlainNetworkCostsOnFoldedImages() {
    UNetConfig plain =
        (UNetConfig) NetworkConfig.read(Path.of("src/test/resources/golden/patch_2/config.json"));
    assertThat(OperationCount.operations(plain.withPatch(2), 64, 32))
        .isEqualTo(OperationCount.operations(plain, 32, 16))
        .isPositive();
  }

  @Test
  void plane() {
    // (2 coordinates and α) → 16 → 16 → 2.
    assertThat(OperationCount.operations(new MlpConfig(2, List.of(16, 16)), 1, 1))
        .isEqualTo(2 * (3 * 16 + 16 * 16 + 16 * 2));
  }

  private static UNetConfig bundled(String name) {
    return (UNetConfig) NetworkConfig.read(Path.of("models", name, "config.json"));
  }
}

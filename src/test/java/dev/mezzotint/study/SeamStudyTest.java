package dev.mezzotint.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.iadb.Canvas;
import dev.mezzotint.image.Pixels;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Seams of canvases with and without steps at the borders of tiles. */
class SeamStudyTest {
  private static final Canvas CANVAS = new Canvas(100, 120, 32, 32, 8);

  private static Pixels noise(int stepColumn) {
    byte[] bytes = new byte[3 * 100 * 120];
    Random random = new Random(1);
    for (int i = 0; i < bytes.length; i++) {
      int column = i / 3 % 120;
      bytes[i] = (byte) (random.nextInt(40) + (column < stepColumn ? 0 : 100));
    }
    return new Pixels(120, 100, 3, bytes);
  }

  @Test
  void borders_areStartsAndEndsOfTilesInsideTheCanvas() {
    assertThat(SeamStudy.borders(CANVAS, CANVAS::left, 32))
        .containsExactly(23, 32, 48, 55, 71, 80, 88, 103);
  }

  private static double ratio(Pixels image, int shift) {
    return SeamStudy.ratio(
        SeamStudy.differences(image, /* rows= */ false),
        SeamStudy.borders(CANVAS, CANVAS::left, 32),
        shift);
  }

  @Test
  void noiseWithoutSeams_hasARatioOfOne() {
    assertThat(ratio(noise(0), 0)).isCloseTo(1, Offset.offset(0.05));
    assertThat(ratio(noise(0), 3)).isCloseTo(1, Offset.offset(0.05));
    assertThat(SeamStudy.run(noise(0), CANVAS).lines())
        .hasSize(2)
        .allMatch(line -> line.contains("over elsewhere 1.0") || line.contains("elsewhere 0.9"));
  }

  @Test
  void stepAtOneBorder_isSeenThereAlone() {
    assertThat(ratio(noise(48), 0)).isGreaterThan(1.5);
    assertThat(ratio(noise(48), 3)).isLessThan(1);
    assertThat(ratio(noise(51), 3)).isGreaterThan(1.5);
  }
}

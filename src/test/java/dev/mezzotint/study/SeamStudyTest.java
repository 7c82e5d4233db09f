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
        .containsExactly(24, 32, 48, 56, 72, 80, 88, 104);
  }

  @Test
  void noiseWithoutSeams_hasARatioOfOne() {
    StudyResult result = SeamStudy.run(noise(0), CANVAS);
    assertThat(result.lines()).hasSize(2);
    SeamStudy.Differences across =
        SeamStudy.differences(noise(0), SeamStudy.borders(CANVAS, CANVAS::left, 32), 1);
    assertThat(across.ratio()).isCloseTo(1, Offset.offset(0.05));
  }

  @Test
  void stepAtOneBorder_isSeen() {
    SeamStudy.Differences across =
        SeamStudy.differences(noise(48), SeamStudy.borders(CANVAS, CANVAS::left, 32), 1);
    assertThat(across.ratio()).isGreaterThan(1.5);
  }
}

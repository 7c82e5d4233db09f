package dev.mezzotint.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/**
 * Reads mutated image files: each is read or refused, in bounded time and memory. {@code
 * -Dfuzz.images=100000} reads more of them, {@code -Dfuzz.seed=N} others.
 */
class ImageFuzzTest {
  private static final int PIXELS_MAX = 1 << 20;

  /** Per file: the decoded image, its copies, and streams over the file. */
  private static final long BYTES_MAX = 20L * PIXELS_MAX + (8 << 20);

  private static final long NANOS_MAX = 5_000_000_000L;

  private final FuzzedImages images = new FuzzedImages(Long.getLong("fuzz.seed", 1));

  @Test
  void mutatedFiles_areReadOrRefused() {
    int count = Integer.getInteger("fuzz.images", 400);
    int read = 0;
    for (int i = 0; i < count; i++) {
      FuzzedImages.Fuzzed fuzzed = images.next();
      String name = fuzzed.name();
      long bytes = ImageRulesTest.allocated();
      long start = System.nanoTime();
      try {
        ImageReader.read(fuzzed.file(), 3, PIXELS_MAX);
        read++;
      } catch (IOException e) {
        assertThat(e).as("file %d, %s", i, name).hasMessageStartingWith("is ");
      } catch (RuntimeException | Error e) {
        fail("file " + i + ", " + name, e);
      }
      assertThat(System.nanoTime() - start).as("file %d, %s", i, name).isLessThan(NANOS_MAX);
      assertThat(ImageRulesTest.allocated() - bytes)
          .as("file %d, %s", i, name)
          .isLessThan(BYTES_MAX);
    }
    // Neither all nor none: mutations of metadata and lossy samples are valid images.
    assertThat(read).isBetween(count / 20, count / 2);
  }
}

package dev.mezzotint.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
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

  private final List<String> names = ReferenceImages.names(name -> true);
  private final Random random = new Random(Long.getLong("fuzz.seed", 1));

  @Test
  void mutatedFiles_areReadOrRefused() {
    int count = Integer.getInteger("fuzz.images", 400);
    int read = 0;
    for (int i = 0; i < count; i++) {
      String name = pick();
      byte[] file = mutate(ReferenceImages.file(name));
      long bytes = ImageRulesTest.allocated();
      long start = System.nanoTime();
      try {
        ImageReader.read(file, 3, PIXELS_MAX);
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

  private String pick() {
    return names.get(random.nextInt(names.size()));
  }

  private byte[] mutate(byte[] file) {
    int at = random.nextInt(file.length);
    byte[] mutated =
        switch (random.nextInt(6)) {
          case 0 -> Arrays.copyOf(file, at);
          case 1 -> spliced(file, at, 0, file, at + 1 + random.nextInt(8));
          case 2 -> spliced(file, at, 1 + random.nextInt(8), file, at);
          case 3 -> {
            byte[] other = ReferenceImages.file(pick());
            yield spliced(file, at, 0, other, Math.min(at, other.length));
          }
          case 4 -> {
            byte[] other = ReferenceImages.file(pick());
            int head = Math.min(other.length, random.nextInt(200));
            yield spliced(other, head, 0, file, Math.min(file.length, head));
          }
          default -> {
            byte[] flipped = file.clone();
            for (int k = random.nextInt(4); k >= 0; k--) {
              flipped[random.nextInt(file.length)] ^= (byte) (1 << random.nextInt(8));
            }
            yield flipped;
          }
        };
    return random.nextInt(3) > 0 ? withChecksums(mutated) : mutated;
  }

  /** The head of one file, noise, and the tail of another. */
  private byte[] spliced(byte[] head, int length, int noise, byte[] tail, int from) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] between = new byte[noise];
    random.nextBytes(between);
    out.write(head, 0, length);
    out.writeBytes(between);
    out.writeBytes(Arrays.copyOfRange(tail, Math.min(from, tail.length), tail.length));
    return out.toByteArray();
  }

  /** Corrects the checksums of a PNG file, so that mutations get past them. */
  private static byte[] withChecksums(byte[] file) {
    if (file.length < 8 || file[1] != 'P') {
      return file;
    }
    ByteBuffer buffer = ByteBuffer.wrap(file);
    int at = 8;
    while (at + 12 <= file.length) {
      int length = buffer.getInt(at);
      if (length < 0 || length > file.length - at - 12) {
        break;
      }
      CRC32 checksum = new CRC32();
      checksum.update(file, at + 4, length + 4);
      buffer.putInt(at + 8 + length, (int) checksum.getValue());
      at += 12 + length;
    }
    return file;
  }
}

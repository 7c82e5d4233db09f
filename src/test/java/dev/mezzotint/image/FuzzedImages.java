package dev.mezzotint.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;

/** Mutations of the reference images, the same ones for a seed. Used by one thread. */
public final class FuzzedImages {
  private final List<String> names = ReferenceImages.names(name -> true);
  private final Random random;

  public FuzzedImages(long seed) {
    random = new Random(seed);
  }

  /**
   * A mutated file.
   *
   * @param name of the image that was mutated
   */
  @SuppressWarnings("ArrayRecordComponent") // compared nowhere
  public record Fuzzed(String name, byte[] file) {}

  public Fuzzed next() {
    String name = pick();
    return new Fuzzed(name, mutate(ReferenceImages.file(name)));
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

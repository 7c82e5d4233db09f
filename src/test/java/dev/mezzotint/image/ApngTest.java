package dev.mezzotint.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ApngTest {

  private static Pixels frame(int marked) {
    byte[] bytes = new byte[8 * 6 * 3];
    if (marked >= 0) {
      bytes[marked * 3 + 1] = (byte) 200;
    }
    return new Pixels(8, 6, 3, bytes);
  }

  private record Chunk(String type, byte[] data) {}

  private static List<Chunk> chunks(byte[] file) {
    ByteBuffer in = ByteBuffer.wrap(file, 8, file.length - 8);
    List<Chunk> chunks = new ArrayList<>();
    while (in.hasRemaining()) {
      byte[] data = new byte[in.getInt()];
      byte[] type = new byte[4];
      in.get(type).get(data).getInt();
      chunks.add(new Chunk(new String(type, StandardCharsets.US_ASCII), data));
    }
    return chunks;
  }

  @Test
  void pngReaders_seeTheFirstFrame() throws IOException {
    byte[] file = Apng.encode(List.of(frame(5), frame(9)), 40, 1000);
    assertThat(ImageReader.read(file, 3).bytes()).isEqualTo(frame(5).bytes());
  }

  @Test
  void encode_withStill_keepsItSeparateFromTheAnimation() throws IOException {
    byte[] file = Apng.encode(List.of(frame(5), frame(9)), 40, 1000, frame(20));
    assertThat(ImageReader.read(file, 3).bytes()).isEqualTo(frame(20).bytes());
    assertThat(chunks(file))
        .extracting(Chunk::type)
        .containsExactly("IHDR", "acTL", "IDAT", "fcTL", "fdAT", "fcTL", "fdAT", "IEND");
  }

  @Test
  void laterFrames_holdTheChangedRectangle() {
    byte[] file = Apng.encode(List.of(frame(-1), frame(2 * 8 + 3), frame(2 * 8 + 3)), 40, 1000);
    List<Chunk> chunks = chunks(file);
    assertThat(chunks)
        .extracting(Chunk::type)
        .containsExactly("IHDR", "acTL", "fcTL", "IDAT", "fcTL", "fdAT", "fcTL", "fdAT", "IEND");
    assertThat(ByteBuffer.wrap(chunks.get(1).data()).getInt()).isEqualTo(3);
    assertThat(box(chunks.get(2)))
        .containsExactly(0, 8, 6, 0, 0); // sequence number, size, position
    assertThat(box(chunks.get(4))).containsExactly(1, 1, 1, 3, 2);
    assertThat(ByteBuffer.wrap(chunks.get(5).data()).getInt()).isEqualTo(2); // fdAT is numbered too
    assertThat(box(chunks.get(6))).containsExactly(3, 1, 1, 0, 0); // unchanged: one pixel
    assertThat(ByteBuffer.wrap(chunks.get(4).data()).getShort(20)).isEqualTo((short) 40);
    assertThat(ByteBuffer.wrap(chunks.get(6).data()).getShort(20)).isEqualTo((short) 1000);
  }

  private static int[] box(Chunk control) {
    ByteBuffer data = ByteBuffer.wrap(control.data());
    return new int[] {data.getInt(), data.getInt(), data.getInt(), data.getInt(), data.getInt()};
  }

  @Test
  void encode_framesOfDifferentSizes_throws() {
    Pixels other = new Pixels(4, 4, 3, new byte[48]);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Apng.encode(List.of(frame(1), other), 40, 40));
    assertThatIllegalArgumentException().isThrownBy(() -> Apng.encode(List.of(), 40, 40));
    assertThatIllegalArgumentException().isThrownBy(() -> Apng.encode(List.of(frame(1)), 40, 0));
  }
}

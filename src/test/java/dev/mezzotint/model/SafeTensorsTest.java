package dev.mezzotint.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafeTensorsTest {
  @TempDir Path folder;

  @Test
  void read_keepsTheOrderOfTheFile() {
    Map<String, Tensor> tensors = SafeTensors.read(Golden.CONCAT.resolve("io.safetensors"));
    assertThat(tensors.keySet())
        .containsExactly("x", "t", "time_proj", "time_emb", "conv_in", "y", "t2", "y2");
    assertThat(tensors.get("x").shape()).containsExactly(2, 6, 16, 16);
    assertThat(tensors.get("t").toFloats()).containsExactly(0, 0.3717f);
    assertThat(tensors.get("t2").toFloats()).containsExactly(500, 999);
    assertThat(SafeTensors.metadata(Golden.SAFETENSORS)).containsExactly(Map.entry("format", "pt"));
    assertThat(SafeTensors.metadata(Golden.CONCAT.resolve("io.safetensors"))).isEmpty();
  }

  @Test
  void tensors_areReadBackAsWritten() throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("flags", new Tensor(DType.BOOL, new long[] {3}, ByteBuffer.allocate(3)));
    tensors.put("b ü \"quoted\"", Tensor.ofFloats(new float[] {1, 2, 3, 4, 5, 6}, 2, 3));
    tensors.put("empty", Tensor.ofFloats(new float[0], 4, 0));
    tensors.put("half", Tensor.ofFloats(new float[] {0.5f}, 1).to(DType.F16));
    tensors.put("scalar", Tensor.ofFloats(new float[] {7}));
    tensors.put("long", new Tensor(DType.I64, new long[] {1}, ByteBuffer.allocate(8)));
    Path file = folder.resolve("w.safetensors");
    SafeTensors.write(file, tensors, Map.of());

    Map<String, Tensor> back = SafeTensors.read(file);
    assertThat(back).isEqualTo(tensors);
    assertThat(back.keySet()).containsExactlyElementsOf(tensors.keySet());
    assertThat(SafeTensors.metadata(file)).containsExactly(Map.entry("format", "pt"));
    assertThat(SafeTensors.toBytes(tensors, Map.of())).isEqualTo(Files.readAllBytes(file));
    assertThat(headerSize(Files.readAllBytes(file)) % 8).isZero();
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).as("nothing temporary is left").containsExactly(file);
    }
  }

  @Test
  void write_keepsMetadata_andReplacesTheFile() {
    Path file = folder.resolve("w.safetensors");
    SafeTensors.write(file, Map.of("a", Tensor.ofFloats(new float[9], 9)), Map.of());
    Map<String, Tensor> before = SafeTensors.read(file);
    SafeTensors.write(file, Map.of("a", Tensor.ofFloats(new float[] {5}, 1)), Map.of("k", "v"));
    assertThat(SafeTensors.read(file).get("a").toFloats()).containsExactly(5);
    assertThat(SafeTensors.metadata(file)).containsExactly(Map.entry("k", "v"));
    assertThat(before.get("a").toFloats()).as("the old mapping is still valid").hasSize(9);
  }

  @Test
  void writeEach_holdsOneTensorAtATime() throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("b", Tensor.ofFloats(new float[] {1, 2, 3, 4}, 2, 2));
    tensors.put("a", Tensor.ofFloats(new float[] {5}, 1));
    Map<String, long[]> shapes = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
    List<String> asked = new ArrayList<>();
    Path file = folder.resolve("each.safetensors");
    SafeTensors.writeEach(
        file,
        shapes,
        name -> {
          asked.add(name);
          return tensors.get(name);
        },
        Map.of("k", "v"));
    assertThat(asked).containsExactly("b", "a");
    assertThat(Files.readAllBytes(file)).isEqualTo(SafeTensors.toBytes(tensors, Map.of("k", "v")));
    Tensor other = Tensor.ofFloats(new float[] {1, 2, 3, 4}, 4);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SafeTensors.writeEach(file, shapes, name -> other, Map.of()));
    assertThat(SafeTensors.read(file)).as("the file that stood there").isEqualTo(tensors);
  }

  @Test
  void invalidTensor_isRefused_byItsName() {
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "a", "8 bytes");
    refuses("{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4, "a", "F8");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "a", "-1");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4, "a", "offsets");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, "a", "offsets");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "a", "data_offsets");
    refuses("{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "a", "dtype");
    refuses("{\"a\":null}", 0, "a", "null");
    refuses("{\"a\":[]}", 0, "a", "object");
    refuses(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}", 4, "a", "x");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[9],\"data_offsets\":[0,36]}}", 4, "a", "cut off");
    refuses(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}",
        0,
        "a",
        "too large");
    refuses(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,99999999999999999999],\"data_offsets\":[0,0]}}",
        0,
        "a",
        "shape");
  }

  @Test
  void overlapsAndGaps_areRefused() {
    String a = "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}";
    refuses(
        "{" + a + ",\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
        12,
        "b",
        "overlaps");
    refuses(
        "{" + a + ",\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[12,16]}}",
        16,
        "b",
        "gap");
    refuses("{" + a + "}", 12, "w.safetensors", "4 bytes after");
    refuses("{" + a + "," + a + "}", 8, "w.safetensors", "Duplicate");
  }

  @Test
  void invalidHeaders_areRefused() {
    refuses("{\"a\":", 0, "w.safetensors", "JSON");
    refuses("[]", 0, "w.safetensors", "object");
    refuses("{\"__metadata__\":{\"k\":1}}", 0, "w.safetensors", "__metadata__.k");
    refuses("{} {}", 0, "w.safetensors", "JSON");
    refusesBytes(new byte[0], "w.safetensors", "cut off");
    refusesBytes(new byte[7], "w.safetensors", "cut off");
    refusesBytes(new byte[8], "w.safetensors", "header");
    byte[] huge = new byte[16];
    Arrays.fill(huge, (byte) 0xff);
    refusesBytes(huge, "w.safetensors", "18446744073709551615");
    byte[] beyond = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN).putLong(5).array();
    refusesBytes(beyond, "w.safetensors", "cut off");
    InvalidInputException e =
        catchThrowableOfType(
            InvalidInputException.class, () -> SafeTensors.read(folder.resolve("none")));
    assertThat(e.field()).isEqualTo("none");
  }

  @Test
  void truncatedFiles_areRefused() throws IOException {
    byte[] whole = Files.readAllBytes(Golden.CONCAT.resolve("io.safetensors"));
    Path file = folder.resolve("w.safetensors");
    for (int i = 0; i < 50; i++) {
      Files.write(file, Arrays.copyOf(whole, (int) (whole.length * (long) i / 50)));
      InvalidInputException e =
          catchThrowableOfType(InvalidInputException.class, () -> SafeTensors.read(file));
      assertThat(e).as("cut at %d/50", i).isNotNull().hasMessageContaining("w.safetensors");
      Files.delete(file);
    }
  }

  @Test
  void anyBytes_giveTensorsOrARefusal() throws IOException {
    byte[] whole = Files.readAllBytes(Golden.CONCAT.resolve("io.safetensors"));
    SplittableRandom random = new SplittableRandom(3);
    Path file = folder.resolve("w.safetensors");
    for (int i = 0; i < 2_000; i++) {
      byte[] broken = whole.clone();
      // Mostly the header: a flip in the data is a number as good as any other.
      int range = i % 10 == 0 ? broken.length : 8 + headerSize(whole);
      for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
        broken[random.nextInt(range)] ^= (byte) (1 << random.nextInt(8));
      }
      Files.write(file, broken);
      try {
        SafeTensors.read(file).values().forEach(Tensor::toFloats);
      } catch (InvalidInputException refused) {
        assertThat(refused.field()).isNotEmpty();
      }
      // A new file each time: the mappings of the one before must not see it change.
      Files.delete(file);
    }
  }

  private static int headerSize(byte[] file) {
    return (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
  }

  private void refuses(String header, int dataSize, String field, String reason) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer file =
        ByteBuffer.allocate(8 + json.length + dataSize).order(ByteOrder.LITTLE_ENDIAN);
    refusesBytes(file.putLong(json.length).put(json).array(), field, reason);
  }

  private void refusesBytes(byte[] bytes, String field, String reason) {
    Path file = folder.resolve("w.safetensors");
    assertThatCode(() -> Files.write(file, bytes)).doesNotThrowAnyException();
    InvalidInputException e =
        catchThrowableOfType(InvalidInputException.class, () -> SafeTensors.read(file));
    assertThat(e).as(reason).isNotNull();
    assertThat(e.field()).as(e.getMessage()).isEqualTo(field);
    assertThat(e).hasMessageContaining(reason).hasMessageContaining("w.safetensors");
    assertThat(e.getMessage()).contains(field);
  }
}

package dev.mezzotint.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PickleWeightsTest {
  @TempDir Path folder;

  private Path file() {
    return folder.resolve("w.bin");
  }

  @Test
  void pickle_hasTheSameTensorsAsSafetensors() {
    Map<String, Tensor> pickled = PickleWeights.read(Golden.BIN);
    Map<String, Tensor> expected = SafeTensors.read(Golden.SAFETENSORS);
    assertThat(pickled).hasSizeGreaterThan(100).isEqualTo(expected);
  }

  @Test
  void stridedViews_areMadeContiguous() {
    Path file =
        PickleFile.begin()
            .op("}(")
            .text("transposed")
            .tensor("0", 6, 0, new int[] {3, 2}, new int[] {1, 3})
            .text("column")
            .tensor("0", 6, 1, new int[] {2}, new int[] {3})
            .text("row")
            .tensor("0", 6, 3, new int[] {1, 3}, new int[] {99, 1})
            .text("scalar")
            .tensor("0", 6, 5, new int[0], new int[0])
            .text("none")
            .tensor("0", 6, 6, new int[] {0, 4}, new int[] {4, 1})
            .op("u.")
            .floats("0", 1, 2, 3, 4, 5, 6)
            .write(file());
    Map<String, Tensor> tensors = PickleWeights.read(file);
    assertThat(tensors.get("transposed")).isEqualTo(Tensor.ofFloats(array(1, 4, 2, 5, 3, 6), 3, 2));
    assertThat(tensors.get("column")).isEqualTo(Tensor.ofFloats(array(2, 5), 2));
    assertThat(tensors.get("row")).isEqualTo(Tensor.ofFloats(array(4, 5, 6), 1, 3));
    assertThat(tensors.get("scalar")).isEqualTo(Tensor.ofFloats(array(6)));
    assertThat(tensors.get("none")).isEqualTo(Tensor.ofFloats(array(), 0, 4));
  }

  private static float[] array(float... values) {
    return values;
  }

  @Test
  void viewsBeyondTheirStorage_areRefused() {
    refusesView("beyond", 4, 3, new int[] {2}, new int[] {1});
    refusesView("beyond", 4, 0, new int[] {2, 2}, new int[] {3, 1});
    refusesView("beyond", 4, -1, new int[] {1}, new int[] {1});
    refusesView("beyond", 4, 3, new int[] {2}, new int[] {-1});
    refusesView("impossible", 4, 0, new int[] {-2}, new int[] {1});
    refusesView("beyond", 4, 0, new int[] {5}, new int[] {0});
    refusesView("beyond", 4, 0, new int[] {2}, new int[] {1, 1});
    refusesView("beyond", 4, 5, new int[] {0}, new int[] {1});
    int max = Integer.MAX_VALUE;
    refusesView("impossible", 4, 0, new int[] {max, max, max}, new int[] {0, 0, 0});
    refusesView("beyond", 4, 0, new int[] {max}, new int[] {max});
    refusesView("too few", 5, 0, new int[] {1}, new int[] {1});
    refusesView("too few", -1, 0, new int[] {0}, new int[] {1});
  }

  private void refusesView(String reason, int elements, int offset, int[] sizes, int[] strides) {
    Path file =
        PickleFile.begin()
            .op("}(")
            .text("a.weight")
            .tensor("0", elements, offset, sizes, strides)
            .op("u.")
            .floats("0", 1, 2, 3, 4)
            .write(file());
    InvalidInputException e = refused(file);
    assertThat(e.field()).isEqualTo("a.weight");
    assertThat(e.getMessage()).contains("a.weight").contains("w.bin");
    boolean negative = elements < 0;
    assertThat(e.getMessage()).containsAnyOf(reason, negative ? "beyond" : reason);
  }

  @Test
  void overlappingViews_cannotFillTheMemory() {
    PickleFile pickle = PickleFile.begin().op("}(");
    for (int i = 0; i < 500; i++) {
      pickle.text("t" + i).tensor("0", 100_000, 0, new int[] {2, 49_999}, new int[] {1, 2});
    }
    Path file = pickle.op("u.").floats("0", new float[100_000]).write(file());
    assertThat(refused(file)).hasMessageContaining("repeats its storage");
  }

  private InvalidInputException refused(Path file) {
    InvalidInputException e =
        catchThrowableOfType(InvalidInputException.class, () -> PickleWeights.read(file));
    assertThat(e).isNotNull().hasMessageContaining(String.valueOf(file.getFileName()));
    return e;
  }

  private void refusesProgram(String reason, PickleFile program) {
    InvalidInputException e = refused(program.write(file()));
    assertThat(e.field()).isEqualTo("conv_in.weight");
    assertThat(e.getMessage()).contains("conv_in.weight").contains(reason);
  }

  /** A state dict up to the value of its first tensor. */
  private static PickleFile atFirstTensor() {
    return PickleFile.begin().op("ccollections\nOrderedDict\n)R(").text("conv_in.weight");
  }

  @Test
  void calls_areRefused_byTheFunctionsName() {
    Path trace = folder.resolve("was-here");
    String shell = "touch " + trace;
    refusesProgram(
        "os.system", atFirstTensor().op("cos\nsystem\n").text(shell).raw(0x85).op("Ru."));
    refusesProgram(
        "posix.system", atFirstTensor().op("cposix\nsystem\n").text(shell).raw(0x85).op("Ru."));
    refusesProgram(
        "builtins.eval",
        atFirstTensor().text("builtins").text("eval").raw(0x93).text("1").raw(0x85).op("Ru."));
    refusesProgram("os.system", atFirstTensor().op("(").text(shell).op("ios\nsystem\nu."));
    refusesProgram("OBJ", atFirstTensor().op("(ccollections\nOrderedDict\n").text("x").op("ou."));
    refusesProgram("NEWOBJ", atFirstTensor().op("ccollections\nOrderedDict\n)").raw(0x81).op("u."));
    refusesProgram(
        "NEWOBJ", atFirstTensor().op("ccollections\nOrderedDict\n)}").raw(0x92).op("u."));
    refusesProgram("EXT", atFirstTensor().raw(0x82, 1).op("u."));
    refusesProgram("EXT", atFirstTensor().raw(0x83, 1, 0).op("u."));
    refusesProgram("EXT", atFirstTensor().raw(0x84, 1, 0, 0, 0).op("u."));
    refusesProgram("torch.load", atFirstTensor().op("ctorch\nload\n)Ru."));
    refusesProgram(
        "torch.serialization.load", atFirstTensor().op("ctorch.serialization\nload\n)Ru."));
    refusesProgram("torch.hub.load", atFirstTensor().op("ctorch.hub\nload\n)Ru."));
    refusesProgram("calls", atFirstTensor().text("os.system").op(")Ru."));
    refusesProgram("calls", atFirstTensor().op("ctorch\nFloatStorage\n)Ru."));
    refusesProgram("0x50", atFirstTensor().op("Pid\nu."));
    refusesProgram("external object", atFirstTensor().text("id").op("Qu."));
    refusesProgram("0x97", atFirstTensor().raw(0x97).op("u."));
    refusesProgram("protocol 0", atFirstTensor().raw(0x80, 0).op("u."));
    assertThat(trace).doesNotExist();
  }

  @Test
  void hooksAndAttributes_areRefused() {
    refusesProgram(
        "hooks",
        atFirstTensor()
            .op("ctorch._utils\n_rebuild_tensor_v2\n(")
            .storage("FloatStorage", "0", 1)
            .integer(0)
            .tuple(1)
            .tuple(1)
            .raw(0x89)
            .op("}")
            .text("hook")
            .text("x")
            .op("stRu."));
    refusesProgram(
        "sets the state",
        atFirstTensor().tensor("0", 1, 0, new int[] {1}, new int[] {1}).op("}bu."));
  }

  @Test
  void brokenPickles_areRefused() {
    for (String program :
        new String[] {
          "",
          ".",
          "}",
          "0.",
          "(.",
          "u.",
          "}u.",
          "}(K\1u.",
          "t.",
          "s.",
          "h\1.",
          "e.",
          "N.",
          "}N.",
          "]}s.",
          "K\1K\2a.",
          "})K\1s.",
          "}]K\1s.",
          "X\377\377\377\377.",
          "B\377\377\377\177.",
          "\u008d\1\0\0\0\0\0\0\177",
          "\u0095\377\377\377\377\377\377\377\377}.",
          "c\n\n.",
          "}.}",
          "\u0093.",
          "K\1K\2\u0093.",
          "(((((((((((((("
        }) {
      refused(PickleFile.begin().op(program).write(file()));
    }
    refused(PickleFile.begin().op("c" + "a".repeat(600) + "\nb\n.").write(file()));
    refused(PickleFile.begin().op("N0".repeat(600_000) + "}.").write(file()));
  }

  @Test
  void nestedStateDict_isFound() {
    for (String key : new String[] {"state_dict", "model"}) {
      Path file =
          PickleFile.begin()
              .op("}(")
              .text("epoch")
              .integer(7)
              .text(key)
              .op("}")
              .text("a")
              .tensor("0", 1, 0, new int[] {1}, new int[] {1})
              .op("su.")
              .floats("0", 5)
              .write(file());
      assertThat(PickleWeights.read(file)).containsOnlyKeys("a");
    }
    Path mixed =
        PickleFile.begin()
            .op("}(")
            .text("a")
            .tensor("0", 1, 0, new int[] {1}, new int[] {1})
            .text("state_dict")
            .op("}u.")
            .floats("0", 5)
            .write(file());
    assertThat(refused(mixed).field()).isEqualTo("state_dict");
    assertThat(refused(PickleFile.begin().op("}.").write(file()))).hasMessageContaining("no tens");
  }

  @Test
  void invalidArchives_areRefused() throws IOException {
    Path file = Files.write(file(), "\u0080\2}.".getBytes(StandardCharsets.ISO_8859_1));
    assertThat(refused(file)).hasMessageContaining("torch.save").hasMessageContaining("1.6");
    Files.write(file, new byte[0]);
    refused(file);
    assertThat(refused(folder.resolve("none"))).hasMessageContaining("no weights file");
    PickleFile big = PickleFile.begin().op("}.").entry("w/byteorder", "big".getBytes());
    assertThat(refused(big.write(file))).hasMessageContaining("byte order");
    PickleFile two = PickleFile.begin().op("}.").entry("v/data.pkl", new byte[1]);
    assertThat(refused(two.write(file))).hasMessageContaining("data.pkl");
    Path missing =
        PickleFile.begin()
            .op("}")
            .text("a")
            .tensor("../../etc/passwd", 1, 0, new int[] {1}, new int[] {1})
            .op("s.")
            .write(file);
    assertThat(refused(missing).field()).isEqualTo("a");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.putNextEntry(new ZipEntry("w/data.pkl"));
      zip.write(new byte[1 << 20]);
    }
    assertThat(refused(file)).hasMessageContaining("compressed");
  }

  @Test
  void truncatedFiles_areRefused() throws IOException {
    byte[] whole = Files.readAllBytes(Golden.BIN);
    for (int i = 0; i < 50; i++) {
      Files.write(file(), Arrays.copyOf(whole, (int) (whole.length * (long) i / 50)));
      refused(file());
    }
  }

  @Test
  void anyBytes_giveTensorsOrARefusal() throws IOException {
    byte[] archive =
        Files.readAllBytes(
            atFirstTensor()
                .tensor("0", 6, 0, new int[] {3, 2}, new int[] {1, 3})
                .text("conv_in.bias")
                .tensor("1", 2, 0, new int[] {2}, new int[] {1})
                .op("u.")
                .floats("0", 1, 2, 3, 4, 5, 6)
                .floats("1", 1, 2)
                .entry("w/byteorder", "little".getBytes(StandardCharsets.US_ASCII))
                .write(file()));
    SplittableRandom random = new SplittableRandom(5);
    int read = 0;
    for (int i = 0; i < 2_000; i++) {
      byte[] broken = archive.clone();
      for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
        broken[random.nextInt(broken.length)] ^= (byte) (1 << random.nextInt(8));
      }
      read += outcome(Files.write(file(), broken));
    }
    assertThat(read).as("some flips are harmless, most are not").isBetween(1, 1000);
  }

  @Test
  void anyPickle_givesTensorsOrARefusal() throws IOException {
    byte[] whole;
    try (var zip = new java.util.zip.ZipFile(Golden.BIN.toFile())) {
      var entry = zip.getEntry("diffusion_pytorch_model/data.pkl");
      whole = zip.getInputStream(entry).readAllBytes();
    }
    SplittableRandom random = new SplittableRandom(6);
    for (int i = 0; i < 2_000; i++) {
      byte[] broken = whole.clone();
      for (int flips = 1 + random.nextInt(5); flips > 0; flips--) {
        // Mostly early, so that the machine is not stopped by the same few places only.
        int range = i % 2 == 0 ? 600 : broken.length;
        broken[random.nextInt(range)] = (byte) random.nextInt(256);
      }
      // Behind a valid checksum, as an attacker would send it.
      outcome(new PickleFile().entry("w/data.pkl", broken).write(file()));
    }
  }

  private static int outcome(Path file) {
    try {
      PickleWeights.read(file).values().forEach(Tensor::toFloats);
      return 1;
    } catch (InvalidInputException refused) {
      assertThat(refused.field()).isNotNull();
      return 0;
    }
  }
}

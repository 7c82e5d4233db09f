package dev.mezzotint.generation;

import dev.mezzotint.delivery.FaultInjector;
import dev.mezzotint.delivery.GeneratedImages;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.image.Palette;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.NoiseSampler;
import dev.mezzotint.sampling.SamplingJob;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A model of streets, one of stacks, and clips of label maps in the store. */
abstract class FramesTestBase {
  static final Palette PALETTE = Palette.of("road #804080", "sky #4682b4");
  static final int ROAD = 0x804080;
  static final int SKY = 0x4682b4;

  final World world = new World();
  final List<SamplingJob.Row> rows = new ArrayList<>();
  final NoiseSampler sampler =
      new NoiseSampler() {
        @Override
        public Running submit(SamplingJob job, RowListener listener) {
          rows.addAll(job.rows());
          return super.submit(job, listener);
        }
      };

  FramesTestBase() {
    ConditionPart labels = labels();
    sampler.put(model("streets", List.of(labels)));
    sampler.put(
        model(
            "stacks",
            List.of(
                labels,
                new ConditionPart("depth", ConditionPart.Kind.GREY, 1),
                new ConditionPart(
                    "normals",
                    ConditionPart.Kind.RGB,
                    3,
                    Optional.empty(),
                    /* optional= */ true))));
  }

  static ConditionPart labels() {
    return new ConditionPart(
        "labels", ConditionPart.Kind.LABELS, 2, Optional.of(PALETTE), /* optional= */ false);
  }

  static ModelInfo model(String name, List<ConditionPart> parts) {
    return new ModelInfo(
        name,
        "1",
        3,
        4,
        4,
        OptionalInt.empty(),
        parts,
        4,
        Solver.EULER,
        OptionalInt.empty(),
        ModelCard.GAUSSIAN,
        List.of(),
        Optional.empty(),
        /* canvas= */ Optional.empty());
  }

  /** A map of one colour except for its first pixel. */
  static byte[] map(int first, int others, int side) {
    byte[] rgb = new byte[3 * side * side];
    for (int i = 0; i < side * side; i++) {
      int colour = i == 0 ? first : others;
      rgb[3 * i] = (byte) (colour >> 16);
      rgb[3 * i + 1] = (byte) (colour >> 8);
      rgb[3 * i + 2] = (byte) colour;
    }
    return Png.encode(new Pixels(side, side, 3, rgb));
  }

  static byte[] map(int first) {
    return map(first, SKY, 4);
  }

  static byte[] zip(Map<String, byte[]> files) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        ZipEntry entry = new ZipEntry(file.getKey());
        CRC32 crc = new CRC32();
        crc.update(file.getValue());
        if (file.getValue().length < 1 << 20) {
          entry.setMethod(ZipEntry.STORED);
          entry.setSize(file.getValue().length);
          entry.setCrc(crc.getValue());
        }
        zip.putNextEntry(entry);
        zip.write(file.getValue());
      }
    }
    return out.toByteArray();
  }

  void put(String key, byte[] bytes) {
    world.store.put(key, bytes, "application/octet-stream");
  }

  void clip(String... names) throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    for (String name : names) {
      files.put(name, map(ROAD));
    }
    put("clip.zip", zip(files));
  }

  JobEvent run(String model, String more) throws InterruptedException {
    world
        .worker("w1", FaultInjector.Fault.NONE, sampler, Runnable::run)
        .handle(world.record("{\"id\":\"a\",\"model\":\"" + model + "\"," + more + "}"));
    world.checkEnded("a");
    return world.log.ends("a").get(0);
  }

  JobEvent run(String more) throws InterruptedException {
    return run("streets", more);
  }

  Map<String, String> failures() {
    Map<String, String> failures = new LinkedHashMap<>();
    world.images("a").failedFrames().forEach(f -> failures.put(f.name(), f.cause()));
    return failures;
  }

  List<String> keys() {
    return world.images("a").images().stream().map(GeneratedImages.Image::key).toList();
  }
}

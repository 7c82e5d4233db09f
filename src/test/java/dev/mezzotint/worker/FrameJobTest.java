package dev.mezzotint.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.bench.InstrumentedWorker;
import dev.mezzotint.bench.Stopwatch;
import dev.mezzotint.delivery.JobListener;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.model.UNetConfig;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.TrainStep;
import dev.mezzotint.sampling.ModelResolver;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.torch.TorchDevice;
import dev.mezzotint.worker.Tail.Letter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A clip of label maps on a real broker, a real store and the real engine. */
class FrameJobTest {
  private static final int FRAMES = 1_000;
  private static final int STEPS = 4;
  private static final int SIDE = 8;

  @TempDir Path folder;

  /** Random weights: what the frames show does not matter here. */
  static void makeModel(Path models) throws IOException {
    UNetConfig config =
        UNetConfig.parse(
            JsonObject.parse(
                """
                {"sample_size": 8, "in_channels": 5, "out_channels": 3,
                 "block_out_channels": [8, 8], "layers_per_block": 1, "norm_num_groups": 4,
                 "down_block_types": ["DownBlock2D", "DownBlock2D"],
                 "up_block_types": ["UpBlock2D", "UpBlock2D"]}
                """));
    ModelCard card = ModelCard.defaultFor("maps", config);
    Random random = new Random(1);
    Map<String, Tensor> weights = new LinkedHashMap<>();
    NetworkProgram.of(config, Parameterization.of(card), TrainStep.defaults())
        .weights()
        .forEach(
            (name, shape) -> {
              int length = 1;
              for (long side : shape) {
                length *= (int) side;
              }
              float[] values = new float[length];
              for (int i = 0; i < length; i++) {
                values[i] = 0.2f * (float) random.nextGaussian();
              }
              weights.put(name, Tensor.ofFloats(values, shape));
            });
    ModelFolder.write(models.resolve("maps"), config, weights, card);
    Map<String, Object> described = new LinkedHashMap<>(card.toMap());
    described.put(
        "condition",
        List.of(
            Map.of(
                "name",
                "labels",
                "kind",
                "labels",
                "channels",
                2,
                "palette",
                List.of(
                    Map.of("name", "road", "color", "#804080"),
                    Map.of("name", "sky", "color", "#4682b4")))));
    Files.write(models.resolve("maps/model.json"), JsonText.writePretty(described));
  }

  /** One bit a pixel: the frame's number. */
  static byte[] map(int number) {
    byte[] rgb = new byte[3 * SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) {
      int colour = i < 31 && (number >> i & 1) == 1 ? 0x804080 : 0x4682b4;
      rgb[3 * i] = (byte) (colour >> 16);
      rgb[3 * i + 1] = (byte) (colour >> 8);
      rgb[3 * i + 2] = (byte) colour;
    }
    return Png.encode(new Pixels(SIDE, SIDE, 3, rgb));
  }

  private static byte[] zip() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      for (int i = 0; i < FRAMES; i++) {
        zip.putNextEntry(new ZipEntry("lap/%04d.png".formatted(i)));
        zip.write(map(i));
      }
    }
    return out.toByteArray();
  }

  @Test
  void aThousandMapsBecomeAThousandFramesAcrossAKill() throws Exception {
    try (Site site = new Site(folder)) {
      site.shortLocks(5);
      makeModel(site.models());
      site.store().put("clips/lap.zip", zip(), "application/zip");
      WorkerConfig settings = site.settings("second");
      try (Endpoints endpoints = Endpoints.open(settings);
          Connections connections = new Connections(settings, endpoints)) {
        connections.prepare();
        WorkerProcess first = WorkerProcess.start(site, "first", folder.resolve("first.log"));
        Set<String> before;
        try (Tail events = site.tail(site.topics().events())) {
          site.send(
              "{\"id\":\"lap\",\"model\":\"maps\",\"steps\":4,\"sampler\":\"euler\","
                  + "\"noise\":\"shared\",\"condition\":{\"zip\":\"clips/lap.zip\"}}");
          try {
            before = killMidway(site, first);
          } finally {
            first.kill();
          }
          finish(site, connections, settings, events, before);
        }
      }
    }
  }

  private static Set<String> killMidway(Site site, WorkerProcess first) throws Exception {
    long end = System.nanoTime() + 90_000_000_000L;
    while (site.store().list(Keys.images("lap")).size() < FRAMES / 5) {
      assertThat(System.nanoTime()).as("frames within 90 s").isLessThan(end);
      Thread.sleep(20);
    }
    first.kill();
    Thread.sleep(500); // what was on its way to the store arrives
    return new HashSet<>(site.store().list(Keys.images("lap")));
  }

  private static void finish(
      Site site, Connections connections, WorkerConfig settings, Tail events, Set<String> before)
      throws Exception {
    assertThat(before).hasSizeBetween(FRAMES / 5, FRAMES - 1);
    Device device = TorchDevice.open(settings.device(), settings.threads(), settings.precision());
    ModelResolver library =
        new ModelResolver(device, new ModelFinder(settings, connections.store())::named);
    try (InstrumentedWorker second =
        new InstrumentedWorker(
            settings, connections, library, device, 1, new Stopwatch(), JobListener.NONE)) {
      second.queue.start();
      Letter ended = events.await("end", letter -> letter.is("completed", "lap"));
      assertThat(ended.json().integer("images", 0, 9_999, 0)).isEqualTo(FRAMES);
      // Each frame that was missing was made once, and no other.
      assertThat(second.loop.metrics().rowSteps()).isEqualTo((FRAMES - before.size()) * STEPS);
    }
    JsonObject manifest = JsonObject.parse(site.object(Keys.manifest("lap")));
    List<JsonObject> images = manifest.objects("images", FRAMES).orElseThrow();
    List<String> keys = new ArrayList<>();
    for (int i = 0; i < FRAMES; i++) {
      keys.add("jobs/lap/images/lap/%04d.png".formatted(i));
      assertThat(images.get(i).requiredString("condition")).isEqualTo("lap/%04d.png".formatted(i));
    }
    assertThat(images).extracting(image -> image.requiredString("key")).isEqualTo(keys);
    assertThat(site.store().list(Keys.images("lap"))).isEqualTo(keys);
    Set<String> told = new HashSet<>();
    for (Letter letter : events.now(letter -> letter.is("progressed", "lap"))) {
      told.addAll(letter.json().strings("frames", 256).orElse(List.of()));
    }
    assertThat(keys).containsAll(told);
    assertThat(told).hasSizeGreaterThan(FRAMES / 10);
  }
}

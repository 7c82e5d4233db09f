package dev.mezzotint.benchmark;

import dev.mezzotint.iadb.Noise;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.model.SafeTensors;
import dev.mezzotint.model.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Benchmarks of the work around the network: images, noise, JSON and weights. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Benchmark)
public class MicroBenchmarks {
  /** An image with edges, gradients and a little noise, about as compressible as a frame. */
  @State(Scope.Benchmark)
  public static class Frame {
    @Param({"32", "64", "256"})
    public int side;

    float[] chw = {};
    Pixels pixels = new Pixels(1, 1, 1, new byte[1]);

    @Setup
    public void draw() {
      chw = new float[3 * side * side];
      Noise.gaussian(1, 1, chw, 0, chw.length);
      for (int i = 0; i < chw.length; i++) {
        int x = i % side;
        int y = i / side % side;
        float sky = y < side / 2 ? 0.6f : -0.4f + 0.5f * x / side;
        chw[i] = sky + 0.02f * chw[i];
      }
      pixels = Pixels.fromChw(chw, 0, 3, side, side);
    }
  }

  /** A typical request and event. */
  @State(Scope.Benchmark)
  public static class Messages {
    final byte[] request =
        JsonText.write(
            Map.of(
                "type", "generation",
                "jobId", "0f0e2a9c-1d3b-4f1e-9c1a-7b1f6d2c3e4f",
                "model", "avatars-32@3",
                "count", 16,
                "seed", 42,
                "steps", 32,
                "sampler", "ab2"));
    final Map<String, Object> event = new LinkedHashMap<>();

    @Setup
    public void fill() {
      event.put("jobId", "0f0e2a9c-1d3b-4f1e-9c1a-7b1f6d2c3e4f");
      event.put("status", "completed");
      event.put("images", List.of("a/00000.png", "a/00001.png", "a/00002.png", "a/00003.png"));
      event.put("seconds", 1.25);
    }
  }

  /** A million weights, about half of a bundled model. */
  @State(Scope.Benchmark)
  public static class Weights {
    final Map<String, Tensor> tensors = new LinkedHashMap<>();
    Path file = Path.of("");

    @Setup
    public void fill() throws IOException {
      float[] values = new float[1 << 14];
      for (int i = 0; i < 64; i++) {
        Noise.gaussian(2, i, values, 0, values.length);
        tensors.put("mid_block.resnets." + i + ".weight", Tensor.ofFloats(values, 128, 128));
      }
      file = Files.createTempFile("weights", ".safetensors");
      SafeTensors.write(file, tensors, Map.of());
    }

    @TearDown
    public void delete() throws IOException {
      Files.delete(file);
    }
  }

  @Benchmark
  public Pixels pixels(Frame frame) {
    return Pixels.fromChw(frame.chw, 0, 3, frame.side, frame.side);
  }

  @Benchmark
  public byte[] png(Frame frame) {
    return Png.encode(frame.pixels);
  }

  @Benchmark
  public byte[] pngFastest(Frame frame) {
    return Png.encode(frame.pixels, 1);
  }

  @Benchmark
  public float[] noise(Frame frame) {
    float[] out = new float[frame.chw.length];
    Noise.gaussian(7, 3, out, 0, out.length);
    return out;
  }

  @Benchmark
  public JsonObject jsonRead(Messages messages) {
    return JsonObject.parse(messages.request);
  }

  @Benchmark
  public byte[] jsonWrite(Messages messages) {
    return JsonText.write(messages.event);
  }

  @Benchmark
  public byte[] safetensorsWrite(Weights weights) {
    return SafeTensors.toBytes(weights.tensors, Map.of());
  }

  /** Reads every value: opening the file only maps it. */
  @Benchmark
  public double safetensorsRead(Weights weights) {
    double sum = 0;
    for (Tensor tensor : SafeTensors.read(weights.file).values()) {
      var numbers = tensor.bytes().asFloatBuffer();
      while (numbers.hasRemaining()) {
        sum += numbers.get();
      }
    }
    return sum;
  }
}

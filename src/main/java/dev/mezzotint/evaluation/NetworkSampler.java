package dev.mezzotint.evaluation;

import dev.mezzotint.iadb.BlueNoise;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.network.DeviceMemoryException;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.UniformGuidance;
import dev.mezzotint.network.UniformSampling;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** Samples a network in large passes. Used by one thread; the network stays the caller's. */
public final class NetworkSampler implements ImageSampler {
  private final SamplingNetwork network;
  private final List<Stage> stages;
  private final Optional<UniformGuidance> guided;
  private final ImageSet shape;
  private final @Nullable BlueNoise blue;
  private final IntConsumer painted;
  private int rows;

  /**
   * @param guided empty for no guidance
   * @param shape an empty set of the pictures' size
   * @param blueNoise whether x0 is blue noise rather than white
   * @param rows pictures in one pass at most; fewer where the device has too little memory
   * @param painted told of the number of pictures after each pass
   */
  public NetworkSampler(
      SamplingNetwork network,
      List<Stage> stages,
      Optional<UniformGuidance> guided,
      ImageSet shape,
      boolean blueNoise,
      int rows,
      IntConsumer painted) {
    this.network = network;
    this.stages = List.copyOf(stages);
    this.guided = guided;
    this.shape = shape;
    this.blue = blueNoise ? new BlueNoise(shape.height(), shape.width()) : null;
    this.rows = rows;
    this.painted = painted;
  }

  @Override
  public ImageSet paint(long seed, Optional<ImageSet> conditions, long[] classes) {
    ImageSet pictures = shape.blank(classes.length);
    int stride = shape.stride();
    int from = 0;
    while (from < classes.length) {
      int to = Math.min(classes.length, from + rows);
      try {
        float[] x1 = pass(seed, conditions, classes, from, to);
        System.arraycopy(x1, 0, pictures.values(), from * stride, x1.length);
      } catch (DeviceMemoryException e) {
        if (rows == 1) {
          throw e;
        }
        rows = (rows + 1) / 2;
        continue;
      }
      painted.accept(to - from);
      from = to;
    }
    return pictures;
  }

  private float[] pass(long seed, Optional<ImageSet> conditions, long[] classes, int from, int to) {
    int stride = shape.stride();
    float[] x0 = new float[(to - from) * stride];
    for (int i = from; i < to; i++) {
      Noise.gaussian(seed, i, x0, (i - from) * stride, stride);
      if (blue != null) {
        blue.colour(x0, (i - from) * stride, shape.channels());
      }
    }
    float[] condition =
        conditions
            .map(c -> Arrays.copyOfRange(c.values(), from * c.stride(), to * c.stride()))
            .orElse(new float[0]);
    return UniformSampling.sample(
        network,
        stages,
        guided,
        x0,
        condition,
        shape.height(),
        shape.width(),
        Arrays.copyOfRange(classes, from, to));
  }
}

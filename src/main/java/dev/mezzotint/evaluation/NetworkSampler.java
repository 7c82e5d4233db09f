package dev.mezzotint.evaluation;

import dev.mezzotint.iadb.BlueNoise;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.DeviceMemoryException;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.UniformGuidance;
import dev.mezzotint.network.UniformSampling;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** Samples a network in large passes. Used by one thread; the caller closes the network. */
public final class NetworkSampler implements ImageSampler {
  private static final int PASS_VALUES = 1 << 18; // of x in one pass, on a CPU
  private static final int PASS_VALUES_CUDA = 1 << 22;

  private final SamplingNetwork network;
  private final List<Stage> stages;
  private final Optional<UniformGuidance> guided;
  private final ImageSet shape;
  private final @Nullable BlueNoise blue;
  private final IntConsumer sampled;
  private int rows;

  /**
   * @param guided empty for no guidance
   * @param shape an empty set with the shape of the images
   * @param blueNoise whether x0 is blue noise rather than white
   * @param device of the network; a pass has as many images as suit it, fewer when its memory is
   *     exhausted
   * @param sampled accepts the number of images after each pass
   */
  public NetworkSampler(
      SamplingNetwork network,
      List<Stage> stages,
      Optional<UniformGuidance> guided,
      ImageSet shape,
      boolean blueNoise,
      Device device,
      IntConsumer sampled) {
    this.network = network;
    this.stages = List.copyOf(stages);
    this.guided = guided;
    this.shape = shape;
    this.blue = blueNoise ? new BlueNoise(shape.height(), shape.width()) : null;
    int values = device.name().startsWith("cuda") ? PASS_VALUES_CUDA : PASS_VALUES;
    this.rows = Math.max(1, values / shape.stride());
    this.sampled = sampled;
  }

  @Override
  public ImageSet sample(long seed, Optional<ImageSet> conditions, long[] classes) {
    ImageSet images = shape.blank(classes.length);
    int stride = shape.stride();
    int from = 0;
    while (from < classes.length) {
      int to = Math.min(classes.length, from + rows);
      try {
        float[] x1 = pass(seed, conditions, classes, from, to);
        System.arraycopy(x1, 0, images.values(), from * stride, x1.length);
      } catch (DeviceMemoryException e) {
        if (rows == 1) {
          throw e;
        }
        rows = (rows + 1) / 2;
        continue;
      }
      sampled.accept(to - from);
      from = to;
    }
    return images;
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

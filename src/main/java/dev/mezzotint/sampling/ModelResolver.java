package dev.mezzotint.sampling;

import dev.mezzotint.iadb.Solver;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.MlpConfig;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.model.UNetConfig;
import dev.mezzotint.model.Weights;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.Precision;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.TrainStep;
import java.nio.file.Files;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * Models as files, brought to one device. Remembers what it has found, so that a job is loaded from
 * the very files it was admitted with. Safe for use by many threads.
 */
public final class ModelResolver implements ModelLoader {
  private static final int STEPS_DEFAULT = 32;
  private static final int SIDE_MAX = 4096;

  private final Device device;
  private final Function<String, ModelFiles> finder;
  private final Map<String, ModelFiles> found = new ConcurrentHashMap<>();

  /**
   * @param finder from a reference to files; throws {@link InvalidInputException} if there are none
   */
  public ModelResolver(Device device, Function<String, ModelFiles> finder) {
    this.device = device;
    this.finder = finder;
  }

  @Override
  public ModelInfo find(String reference) {
    ModelFiles files = finder.apply(reference);
    NetworkConfig config = files.config();
    int height =
        config
            .sampleSize()
            .orElseThrow(
                () ->
                    new InvalidInputException(
                        "model", "model " + files.name() + " has no sample_size in config.json"));
    return remember(files, "sample_size", height, config.sampleWidth().orElse(height));
  }

  /** As {@link #find} for pictures of another size than the model's own. */
  public ModelInfo find(String reference, int height, int width) {
    return remember(finder.apply(reference), "size", height, width);
  }

  private ModelInfo remember(ModelFiles files, String field, int height, int width) {
    int multiple = files.config().sizeMultiple();
    int largest = Math.min(SIDE_MAX, files.config().sizeMax());
    for (int side : new int[] {height, width}) {
      if (side < multiple || side > largest || side % multiple != 0) {
        throw new InvalidInputException(
            field,
            "%s is %dx%d: model %s makes pictures whose sides are multiples of %d up to %d"
                .formatted(field, height, width, files.name(), multiple, largest));
      }
    }
    ModelInfo model = info(files, height, width);
    found.put(model.reference(), files);
    return model;
  }

  private static ModelInfo info(ModelFiles files, int height, int width) {
    NetworkConfig config = files.config();
    ModelCard card = files.card();
    if (config.conditionChannels() < 0) {
      throw new InvalidInputException(
          "model",
          "model "
              + files.name()
              + " has more out_channels than in_channels: it cannot be sampled");
    }
    return new ModelInfo(
        files.name(),
        files.version(),
        config.outChannels(),
        height,
        width,
        classes(config),
        card.condition(),
        card.steps().orElse(STEPS_DEFAULT),
        sampler(files),
        card.nullClass(),
        card.p0(),
        card.tuned());
  }

  private static Solver sampler(ModelFiles files) {
    try {
      return files.card().sampler().map(Solver::parse).orElse(Solver.AB2);
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(
          "model", "the card of model " + files.name() + ": " + e.getMessage(), e);
    }
  }

  private static OptionalInt classes(NetworkConfig config) {
    return config.classEmbedType() == UNetConfig.ClassEmbedding.NONE
        ? OptionalInt.empty()
        : OptionalInt.of(config.numClassEmbeds().orElse(Integer.MAX_VALUE));
  }

  @Override
  public long bytes(ModelInfo model) {
    long values = 0;
    for (long[] shape : program(files(model)).weights().values()) {
      long product = 1;
      for (long side : shape) {
        product *= side;
      }
      values += product;
    }
    return values * Float.BYTES;
  }

  private ModelFiles files(ModelInfo model) {
    ModelFiles files = found.get(model.reference());
    if (files == null) {
      throw new InvalidInputException("model", "model " + model.reference() + " was not found");
    }
    return files;
  }

  @Override
  public SamplingNetwork load(ModelInfo model) {
    ModelFiles files = files(model);
    if (!Files.exists(files.weights())) { // has made room on the disk since
      files = finder.apply(model.reference());
      found.put(model.reference(), files);
    }
    try {
      return load(device, files);
    } catch (InvalidInputException e) {
      // Of a request, the model is at fault, whatever tensor or file is to blame for it.
      throw new InvalidInputException(
          "model", "model " + model.reference() + ": " + e.getMessage(), e);
    }
  }

  /** Reads and checks the weights and puts them on the device; the caller closes the network. */
  public static SamplingNetwork load(Device device, ModelFiles files) {
    if (files.config().classEmbedType() == UNetConfig.ClassEmbedding.IDENTITY) {
      throw new InvalidInputException(
          "model",
          "model "
              + files.name()
              + " has class_embed_type \"identity\": its classes are vectors, not labels");
    }
    NetworkProgram program = program(files);
    Map<String, Tensor> weights = files.readWeights();
    Weights.check(weights, program.weights());
    // A point of the plane has no neighbours to hide rounding among, and its network is small.
    return (files.config() instanceof MlpConfig ? device.in(Precision.FLOAT32) : device)
        .load(program, weights);
  }

  private static NetworkProgram program(ModelFiles files) {
    return NetworkProgram.of(
        files.config(), Parameterization.of(files.card()), TrainStep.defaults());
  }
}

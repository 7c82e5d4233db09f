package dev.mezzotint.sampling;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.MlpConfig;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.model.UNetConfig;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.Engine;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.Precision;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.TrainStep;
import java.nio.file.Files;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * Loads models from files onto one device. Remembers the files it has found, so that a job runs
 * with the files it was admitted with. Safe for use by many threads.
 */
public final class ModelResolver implements ModelLoader {
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

  /** Resolves every reference to these files. */
  public static ModelResolver of(Device device, ModelFiles files) {
    return new ModelResolver(device, reference -> files);
  }

  @Override
  public ModelInfo find(String reference, Optional<Engine> engine) {
    ModelFiles files = finder.apply(reference);
    ModelInfo model = ModelInfo.of(files).with(on(engine).engine());
    found.put(model.reference(), files);
    return model;
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

  private Device on(Optional<Engine> engine) {
    return engine.map(device::with).orElse(device);
  }

  private ModelFiles files(ModelInfo model) {
    return found.computeIfAbsent(model.reference(), finder);
  }

  @Override
  public SamplingNetwork load(ModelInfo model) {
    ModelFiles files = files(model);
    if (!Files.exists(files.weights())) { // evicted from the disk cache since
      files = finder.apply(model.reference());
      found.put(model.reference(), files);
    }
    try {
      return load(on(model.engine()), files);
    } catch (InvalidInputException e) {
      // The request names a model, not the tensor or file that is at fault.
      throw new InvalidInputException(
          "model", "model " + model.reference() + ": " + e.getMessage(), e);
    }
  }

  /** Reads and checks the weights and puts them on the device; the caller closes the network. */
  public static SamplingNetwork load(Device device, ModelFiles files) {
    refuseIf(
        files.config().classEmbedType() == UNetConfig.ClassEmbedding.IDENTITY,
        "model",
        "%s has class_embed_type \"identity\": its classes are vectors, not labels",
        files.name());
    NetworkProgram program = program(files);
    Map<String, Tensor> weights = files.readWeights(program.weights());
    // Rounding shows in points of the plane, and their network is small.
    return (files.config() instanceof MlpConfig ? device.in(Precision.FLOAT32) : device)
        .load(program, weights);
  }

  private static NetworkProgram program(ModelFiles files) {
    return NetworkProgram.of(
        files.config(), Parameterization.of(files.card()), TrainStep.defaults());
  }
}

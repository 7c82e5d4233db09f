package dev.mezzotint.model;

import dev.mezzotint.files.SmallFile;
import dev.mezzotint.iadb.Prediction;
import dev.mezzotint.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Reads the scheduler of a diffusers pipeline, which determines what the network predicts. Nearly
 * all networks in this format predict the noise of DDPM; without this file they would be taken for
 * networks of this method.
 */
final class PipelineScheduler {
  private static final String FILE = "scheduler_config.json";
  private static final String INDEX = "model_index.json";

  /** Samplers of networks trained for DDPM; the network does not depend on the sampler. */
  private static final Pattern DDPM =
      Pattern.compile(
          "(DDPM|DDIM|PNDM|LMSDiscrete|EulerDiscrete|EulerAncestralDiscrete|HeunDiscrete|DEISMultistep"
              + "|UniPCMultistep|DPMSolver(Multistep|Singlestep|SDE)|KDPM2(Ancestral)?Discrete)"
              + "(Parallel)?Scheduler(Flax)?|Flax(DDPM|DDIM|PNDM)Scheduler|DDIMInverseScheduler");

  /** The scheduler of diffusers' community pipeline for this method. */
  private static final String IADB = "IADBScheduler";

  private PipelineScheduler() {}

  /**
   * The scheduler's file of a network's folder: in it, or in the pipeline around it.
   *
   * @throws dev.mezzotint.json.InvalidInputException if the pipeline lacks the file, or its network
   *     does not generate images itself
   */
  static Optional<Path> find(Path network) {
    Path folder = network.toAbsolutePath().normalize();
    List<Path> homes = new ArrayList<>(List.of(folder));
    Path parent = folder.getParent();
    boolean inPipeline =
        parent != null && (folder.endsWith("unet") || Files.exists(parent.resolve(INDEX)));
    if (inPipeline) {
      homes.add(parent);
    }
    for (Path home : homes) {
      Optional<Path> found =
          List.of(home.resolve(FILE), home.resolve("scheduler").resolve(FILE)).stream()
              .filter(Files::exists)
              .findFirst();
      if (Files.exists(home.resolve(INDEX))) {
        SmallFile.readJson(home.resolve(INDEX), json -> check(json, found.isPresent()));
      }
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  /** Refuses pipelines of which the network is only a part. */
  private static boolean check(JsonObject index, boolean hasScheduler) {
    index
        .toMap()
        .forEach(
            (name, value) -> {
              // A library and a class; both null for a part that a pipeline can do without.
              boolean part = value instanceof List<?> words && words.size() == 2;
              Object type = part ? ((List<?>) value).get(1) : null;
              if (type == null || name.equals("unet")) {
                return;
              }
              if (!name.equals("scheduler")) {
                throw index.refuse(
                    name,
                    "is a " + type + ": only pipelines of a unet and a scheduler can be read");
              }
              if (!hasScheduler && !type.equals(IADB)) {
                throw index.refuse(
                    name, "is a " + type + ", but scheduler/" + FILE + " is missing");
              }
            });
    return hasScheduler;
  }

  /**
   * The card of a network with this scheduler.
   *
   * @param card of the network without one
   * @throws dev.mezzotint.json.InvalidInputException naming the key that cannot be used
   */
  static ModelCard card(Path file, ModelCard card) {
    return SmallFile.readJson(file, json -> parse(json, card));
  }

  private static ModelCard parse(JsonObject json, ModelCard card) {
    String type = json.requiredString("_class_name");
    if (type.equals(IADB)) {
      return card;
    }
    if (!DDPM.matcher(type).matches()) {
      throw json.refuse(
          "_class_name", "is " + JsonObject.quote(type) + ", whose networks cannot be used here");
    }
    for (String key : List.of("trained_betas", "rescale_betas_zero_snr")) {
      Object value = json.toMap().get(key);
      if (value != null && !value.equals(false)) {
        throw json.refuse(key, "is set: its noise schedule cannot be used here");
      }
    }
    // Before prediction_type there was predict_epsilon.
    String otherwise = json.bool("predict_epsilon", true) ? "epsilon" : "sample";
    String predicted = json.string("prediction_type").orElse(otherwise).toLowerCase(Locale.ROOT);
    Prediction prediction =
        switch (predicted) {
          case "epsilon" -> Prediction.EPSILON;
          case "sample" -> Prediction.X1;
          default ->
              throw json.refuse(
                  "prediction_type",
                  "is %s: only epsilon and sample can be used here"
                      .formatted(JsonObject.quote(predicted)));
        };
    return card.withPrediction(prediction, Optional.of(ModelCard.noiseSchedule(json)));
  }
}

package dev.mezzotint.cli.jobs;

import dev.mezzotint.cli.Choices;
import dev.mezzotint.generation.request.CanvasRequest;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code submit} that make a request without a file. */
final class RequestOptions {
  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "Without a file: the model, as name, name@version or name@latest.")
  private @Nullable String model;

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "Without a file: the number of images; default 1.")
  private @Nullable Integer count;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Without a file: the seed of the noise; default 0.")
  private @Nullable Long seed;

  @Option(
      names = "--steps",
      paramLabel = "T",
      description = "Without a file: intervals of alpha; default as on the model's card.")
  private @Nullable Integer steps;

  @Option(
      names = "--sampler",
      completionCandidates = Choices.Samplers.class,
      paramLabel = "NAME",
      description =
          "Without a file: euler, midpoint, heun, rk4, ab2 or ab3; default as on the model's card.")
  private @Nullable String sampler;

  @Option(
      names = "--class",
      paramLabel = "K",
      description = "Without a file: the class label of all images.")
  private @Nullable Integer classLabel;

  @Option(
      names = "--guidance",
      paramLabel = "W",
      description = "Without a file: the guidance weight; default 1, off.")
  private @Nullable Double guidance;

  @Option(
      names = "--canvas",
      paramLabel = "WxH",
      description =
          "Without a file: the size in pixels of images larger than the model's, such as 512x256.")
  private @Nullable String canvas;

  @Option(names = "--grid", description = "Without a file: also make one image of all images.")
  private boolean grid;

  /** The members of the request in the order of the documents; empty without any option. */
  Map<String, Object> members() {
    Map<String, Object> members = new LinkedHashMap<>();
    put(members, "model", model);
    put(members, "count", count);
    put(members, "seed", seed);
    put(members, "steps", steps);
    put(members, "sampler", sampler);
    put(members, "classLabel", classLabel);
    put(members, "guidance", guidance);
    if (canvas != null) {
      CanvasRequest.Size size = CanvasRequest.Size.parse("--canvas", canvas);
      members.put(CanvasRequest.FIELD, Map.of("width", size.width(), "height", size.height()));
    }
    if (grid) {
      members.put("output", Map.of("grid", true));
    }
    return members;
  }

  private static void put(Map<String, Object> members, String name, @Nullable Object value) {
    if (value != null) {
      members.put(name, value);
    }
  }
}

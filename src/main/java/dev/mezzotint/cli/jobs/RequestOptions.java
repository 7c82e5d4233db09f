package dev.mezzotint.cli.jobs;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.cli.Choices;
import dev.mezzotint.generation.request.CanvasRequest;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code submit} that make a request without a file. */
final class RequestOptions {
  private static final int FRAMES_DEFAULT = 8;
  private static final Pattern SEEDS = Pattern.compile("([0-9]{1,16})\\.\\.([0-9]{1,16})");

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
      names = "--interpolate",
      paramLabel = "A..B",
      description = "Without a file: --count images between the noise of two seeds, and a clip.")
  private @Nullable String interpolate;

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
    if (interpolate == null) {
      put(members, "count", count);
    } else {
      members.put("interpolate", interpolated(interpolate));
    }
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

  private Map<String, Object> interpolated(String text) {
    Matcher seeds = SEEDS.matcher(text);
    refuseIf(!seeds.matches(), "--interpolate", "must be two seeds such as 3..7, not %s", text);
    return Map.of(
        "from", Long.parseLong(seeds.group(1)),
        "to", Long.parseLong(seeds.group(2)),
        "frames", count == null ? FRAMES_DEFAULT : count);
  }

  private static void put(Map<String, Object> members, String name, @Nullable Object value) {
    if (value != null) {
      members.put(name, value);
    }
  }
}

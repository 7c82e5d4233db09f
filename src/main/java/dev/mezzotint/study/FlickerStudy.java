package dev.mezzotint.study;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.cli.ConditionFiles;
import dev.mezzotint.cli.GenerateCommand;
import dev.mezzotint.generation.input.ConditionDecoder;
import dev.mezzotint.generation.input.ConditionInputs;
import dev.mezzotint.generation.input.Frames;
import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.image.Apng;
import dev.mezzotint.job.Priority;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.network.Device;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.ModelResolver;
import dev.mezzotint.sampling.SamplingJob;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Compares clips whose frames have different x0 with clips whose frames share one. */
final class FlickerStudy {
  private static final int MILLIS = 40;

  private FlickerStudy() {}

  /**
   * @param condition folder or zip of the conditions of neighbouring frames
   * @param count frames at most
   */
  static StudyResult run(Device device, ModelFiles files, String condition, int count, int steps)
      throws IOException {
    ModelInfo info = ModelInfo.of(files);
    refuseIf(
        info.classes().isPresent() || info.conditionChannels() == 0,
        "--model",
        "must take a condition and no classes, for this study");
    List<SamplingJob.Condition> conditions = new ArrayList<>();
    try (ConditionInputs inputs =
        ConditionFiles.open(
            new ConditionDecoder(info, false, false), List.of(condition), Optional.empty())) {
      for (Frames.Frame frame : inputs.frames(1, false).frames()) {
        if (conditions.size() < count) {
          conditions.add(inputs.requireCondition(frame));
        }
      }
    }
    refuseIf(conditions.size() < 2, "--condition", "must have at least two frames");
    List<float[]> conditionValues =
        conditions.stream().map(SamplingJob.Condition::toFloats).toList();
    List<String> lines = new ArrayList<>();
    Map<String, byte[]> clips = new LinkedHashMap<>();
    int plane = info.height() * info.width();
    for (boolean shared : new boolean[] {false, true}) {
      String word = shared ? "shared" : "per-frame";
      List<float[]> frames =
          Arrays.asList(
              GenerateCommand.sample(
                  ModelResolver.of(device, files), job(info, conditions, shared, steps)));
      FlickerStatistics flicker = FlickerStatistics.of(frames, conditionValues, plane);
      lines.add(
          Table.text(
              "noise %-9s  flicker %7.3f of 255 over %.1f %% of the pixels, %d frames, %d steps",
              word, flicker.levels(), 100 * flicker.agreeing(), frames.size(), steps));
      clips.put(
          "flicker-" + word + ".png",
          Apng.encode(frames.stream().map(info::pixels).toList(), MILLIS, MILLIS));
    }
    return new StudyResult("flicker", lines, clips);
  }

  private static SamplingJob job(
      ModelInfo info, List<SamplingJob.Condition> conditions, boolean shared, int steps) {
    List<SamplingJob.Row> rows = new ArrayList<>();
    for (int i = 0; i < conditions.size(); i++) {
      SamplingJob.X0 start = new SamplingJob.X0.Seeded(/* seed= */ 0, shared ? 0 : i);
      rows.add(new SamplingJob.Row(i, start, conditions.get(i)));
    }
    return new SamplingJob(
        "flicker",
        info,
        rows,
        info.sampler().stages(AlphaSchedule.UNIFORM.alphas(steps)),
        OptionalInt.empty(),
        Priority.NORMAL,
        "",
        Optional.empty());
  }
}

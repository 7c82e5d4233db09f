package dev.mezzotint.cli;

import dev.mezzotint.dataset.DatasetOptions;
import dev.mezzotint.dataset.DatasetReport;
import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.files.SmallFile;
import dev.mezzotint.image.Grid;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.training.recipe.DatasetSpec;
import dev.mezzotint.training.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code datasets check}: reports what a training would read at a path and what it would leave out.
 */
@Command(
    name = "check",
    description = "Read every file as a training would and report what was found.",
    footer = {
      "",
      "Examples:",
      "  datasets check images.zip --labels folder --sheet sheet.png",
      "  datasets check maps --recipe recipes/maps-256.json",
      "  datasets check drive.zip --layout twins --condition rgb",
      "",
      "The last one lists the colours of the label maps, for a recipe's palette."
    })
public final class DatasetsCheck implements Callable<Integer> {
  private static final int EXAMPLES = 24;
  private static final int REFUSED = 2;

  /** As {@code training.Training} requires. */
  private static final int IMAGES_MIN = 2;

  private static final List<String> SPLITS = List.of("train", "val", "test");

  @Parameters(index = "0", paramLabel = "PATH", description = "Folder or zip of the data set.")
  private Path path = Path.of("");

  @Option(
      names = "--recipe",
      paramLabel = "RECIPE.json",
      description = "Read the data set of this recipe; other options override its keys.")
  private @Nullable Path recipe;

  @Option(
      names = "--layout",
      paramLabel = "LAYOUT",
      description =
          "How the files are arranged, as in recipes: pictures, idx, twins, left-right or"
              + " right-left, with the condition on the first side.")
  private @Nullable String layout;

  @Option(
      names = "--condition",
      paramLabel = "KIND",
      description =
          "Kind of the conditions: rgb, grey, or labels:cityscapes; other palettes need a recipe.")
  private @Nullable String condition;

  @Option(names = "--input", paramLabel = "FOLDER", description = "Folder of conditions in twins.")
  private @Nullable String input;

  @Option(names = "--target", paramLabel = "FOLDER", description = "Folder of images in twins.")
  private @Nullable String target;

  @Option(
      names = "--labels",
      paramLabel = "FROM",
      description = "Where class labels come from: none, folder, prefix or file.")
  private @Nullable String labels;

  @Option(
      names = "--split",
      paramLabel = "NAME",
      description = "Split to read, such as train or val.")
  private @Nullable String split;

  @Option(
      names = "--size",
      paramLabel = "N",
      description = "Side of the images in pixels; default 64.")
  private @Nullable Integer size;

  @Option(names = "--grey", description = "Read grey images instead of colour.")
  private boolean grey;

  @Option(names = "--sheet", paramLabel = "FILE.png", description = "Write a contact sheet.")
  private @Nullable Path sheet;

  @Mixin private JsonOption json = new JsonOption();

  @Override
  public Integer call() throws IOException {
    int channels = grey ? 1 : 3;
    Map<String, Object> keys = new LinkedHashMap<>();
    String p0 = ModelCard.GAUSSIAN;
    if (recipe != null) {
      Recipe read = SmallFile.readJson(recipe, Recipe::parse);
      JsonObject file = JsonObject.parse(SmallFile.read(recipe));
      channels = grey ? 1 : read.network().outChannels();
      p0 = file.string("p0", ModelCard.GAUSSIAN);
      file.object("dataset").ifPresent(dataset -> keys.putAll(dataset.toMap()));
    }
    replace(keys);
    DatasetSpec data =
        DatasetSpec.parse(
            JsonObject.parse(JsonText.write(Map.of("dataset", keys)))
                .object("dataset")
                .orElseThrow(),
            p0);
    DatasetOptions options = data.options(channels);
    if (sheet != null) {
      OutputPaths.file("--sheet", sheet);
    }
    DatasetReport report = DatasetReport.of(path, options, EXAMPLES);
    String refusal = refusal(report, data.brokenMax());
    print(report, data, splits(options), refusal);
    writeSheet(report);
    return refusal.isEmpty() ? 0 : REFUSED;
  }

  /** Why a training would refuse the set; empty if it would not. */
  private static String refusal(DatasetReport report, double brokenMax) {
    int broken = report.brokenFiles().size();
    if (broken > brokenMax * report.files() || broken == report.files()) {
      return "more than brokenMax " + brokenMax + " allows";
    }
    return report.files() - broken < IMAGES_MIN
        ? "a training needs at least " + IMAGES_MIN + " images"
        : "";
  }

  private void replace(Map<String, Object> keys) {
    put(keys, "layout", layout);
    put(keys, "target", target);
    put(keys, "labels", labels);
    put(keys, "split", split);
    put(keys, "size", size);
    keys.putIfAbsent("size", 64);
    if (condition != null) {
      Map<String, Object> one = new LinkedHashMap<>();
      boolean named = condition.startsWith("labels:");
      one.put("kind", named ? "labels" : condition);
      if (named) {
        one.put("palette", condition.substring("labels:".length()));
      }
      put(one, "folder", input);
      keys.put("condition", one);
    } else if (input != null) {
      throw new InvalidInputException("--input", "--input needs --condition");
    }
  }

  private static void put(Map<String, Object> keys, String key, @Nullable Object value) {
    if (value != null) {
      keys.put(key, value);
    }
  }

  private List<String> splits(DatasetOptions options) throws IOException {
    List<String> found = new ArrayList<>();
    for (String name : SPLITS) {
      if (options.files() != DatasetOptions.Kind.IDX
          && ImageDataset.hasSplit(path, name, options)) {
        found.add(name);
      }
    }
    return found;
  }

  private void print(DatasetReport report, DatasetSpec data, List<String> splits, String refusal) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("path", path.toString());
    map.put("files", report.files());
    map.put("splits", splits);
    map.put("sizes", report.sizes());
    map.put("readAs", data.size() + "×" + data.size());
    map.put("classes", report.classes());
    Map<String, Object> colours = new LinkedHashMap<>();
    report.conditions().forEach((name, found) -> colours.put(name, found.shares()));
    map.put("conditions", colours);
    map.put("broken", report.brokenFiles());
    map.put("brokenMax", data.brokenMax());
    map.put("passedOver", report.passedOver());
    map.put("refused", !refusal.isEmpty());
    if (json.enabled()) {
      JsonOption.print(map);
      return;
    }
    System.out.println(
        path + ": " + report.files() + (data.pairing().isPresent() ? " pairs" : " images"));
    if (!splits.isEmpty()) {
      System.out.println("splits: " + String.join(", ", splits));
    }
    System.out.println("sizes: " + brief(report.sizes()) + ", read as " + map.get("readAs"));
    if (!report.classes().isEmpty()) {
      System.out.println(report.classes().size() + " classes: " + brief(report.classes()));
    }
    report.conditions().forEach(DatasetsCheck::printColours);
    report.brokenFiles().forEach(name -> System.out.println("broken: " + name));
    if (!report.passedOver().isEmpty()) {
      System.out.println("passed over, of other kinds: " + brief(report.passedOver()));
    }
    System.out.printf(
        Locale.ROOT,
        "%d broken of %d, %s%n",
        report.brokenFiles().size(),
        report.files(),
        refusal.isEmpty() ? "accepted" : refusal + ": refused");
  }

  private static void printColours(String name, DatasetReport.Colours found) {
    if (found.shares().isEmpty()) {
      System.out.println(name + ": an image, with too many colours for a label map");
      return;
    }
    System.out.println(name + ": " + found.shares().size() + " colours");
    found
        .shares()
        .forEach(
            (colour, share) ->
                System.out.printf(Locale.ROOT, "  %6.2f %%  %s%n", 100 * share, colour));
  }

  private static String brief(Map<String, Integer> counts) {
    List<String> words =
        counts.entrySet().stream()
            .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
            .limit(20)
            .map(e -> e.getKey() + " (" + e.getValue() + ")")
            .toList();
    return String.join(", ", words) + (counts.size() > words.size() ? ", …" : "");
  }

  private void writeSheet(DatasetReport report) throws IOException {
    if (sheet == null || report.examples().isEmpty()) {
      return;
    }
    List<Pixels> cells = new ArrayList<>();
    for (List<Pixels> example : report.examples()) {
      // Conditions first, as in all sheets of this software.
      example.subList(1, example.size()).forEach(p -> cells.add(p.withChannels(3)));
      cells.add(example.get(0).withChannels(3));
    }
    int group = report.examples().get(0).size();
    int columns = group * Math.max(1, 8 / group);
    Files.write(sheet, Png.encode(Grid.of(cells, columns, /* padding= */ 2)));
    System.err.println("sheet: " + sheet);
  }
}

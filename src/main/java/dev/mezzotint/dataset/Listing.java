package dev.mezzotint.dataset;

import dev.mezzotint.dataset.DatasetOptions.Labels;
import dev.mezzotint.json.InvalidInputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which files of a source make up a data set: images of one split, sorted by name, with classes.
 *
 * @param names full names within the source
 * @param labels index into {@code classes} for each name; empty without classes
 * @param classes sorted
 */
record Listing(String source, List<String> names, List<Integer> labels, List<String> classes) {
  private static final Set<String> SPLITS = Set.of("train", "val", "test");
  private static final int CLASSES_MAX = 10_000;

  int size() {
    return names.size();
  }

  /** Some of it, by index. */
  Listing only(List<Integer> kept) {
    return new Listing(
        source,
        kept.stream().map(names::get).toList(),
        labels.isEmpty() ? labels : kept.stream().map(labels::get).toList(),
        classes);
  }

  static Listing of(String source, List<String> files, DatasetOptions options) {
    List<String> images = files.stream().filter(Listing::isImage).distinct().sorted().toList();
    if (images.isEmpty()) {
      throw new InvalidInputException(
          source, source + " holds no PNG or JPEG file (" + files.size() + " other files)");
    }
    Optional<String> split = options.split().or(() -> impliedSplit(images));
    String prefix = split.map(name -> name + "/").orElse("");
    boolean twins = options.pairing().filter(p -> p.layout() == Pairing.Layout.TWINS).isPresent();
    List<String> chosen =
        images.stream()
            .filter(name -> name.startsWith(prefix))
            .filter(name -> !twins || ("/" + name).contains("/" + Decoder.TARGET))
            .toList();
    if (chosen.isEmpty()) {
      throw new InvalidInputException(
          source,
          source
              + " has no images under "
              + prefix
              + (twins ? "…/" + Decoder.TARGET : "")
              + ", its top level is: "
              + topLevel(images));
    }
    if (options.labels() == Labels.NONE) {
      return new Listing(source, chosen, List.of(), List.of());
    }
    List<String> classOf = new ArrayList<>(chosen.size());
    for (String name : chosen) {
      classOf.add(className(source, name, name.substring(prefix.length()), options.labels()));
    }
    List<String> classes = List.copyOf(new TreeSet<>(classOf));
    if (classes.size() > CLASSES_MAX) {
      throw new InvalidInputException(
          source, source + " has " + classes.size() + " classes, the limit is " + CLASSES_MAX);
    }
    List<Integer> labels =
        classOf.stream().map(c -> java.util.Collections.binarySearch(classes, c)).toList();
    return new Listing(source, chosen, labels, classes);
  }

  private static boolean isImage(String name) {
    if (("/" + name).contains("/.") || ("/" + name).contains("/__MACOSX/")) {
      return false;
    }
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(".png") || lower.endsWith(".jpg") || lower.endsWith(".jpeg");
  }

  /** {@code train}, if every image lies in a folder named as a split and one of them is train. */
  private static Optional<String> impliedSplit(List<String> images) {
    Set<String> tops = topLevel(images);
    return tops.size() > 1 && tops.contains("train") && SPLITS.containsAll(tops)
        ? Optional.of("train")
        : Optional.empty();
  }

  private static Set<String> topLevel(List<String> images) {
    Set<String> tops = new TreeSet<>();
    for (String name : images) {
      int slash = name.indexOf('/');
      tops.add(slash < 0 ? "(files)" : name.substring(0, slash));
      if (tops.size() > 10) {
        break;
      }
    }
    return tops;
  }

  private static String className(String source, String name, String below, Labels labels) {
    String text = labels == Labels.FOLDER ? below : below.substring(below.lastIndexOf('/') + 1);
    int end = text.indexOf(labels == Labels.FOLDER ? '/' : '-');
    if (end < 1) {
      String wanted =
          labels == Labels.FOLDER ? "lies in no class folder" : "has no class before a '-'";
      throw new InvalidInputException(source, name + " in " + source + " " + wanted);
    }
    return text.substring(0, end);
  }
}

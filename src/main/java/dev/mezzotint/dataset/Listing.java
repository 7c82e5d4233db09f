package dev.mezzotint.dataset;

import dev.mezzotint.dataset.DatasetOptions.Labels;
import dev.mezzotint.json.InvalidInputException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The files of a data set: the images of one split, sorted by name, with their classes.
 *
 * @param names full names within the source
 * @param labels index into {@code classes} for each name; empty without classes
 * @param classes sorted
 */
record Listing(String source, List<String> names, List<Integer> labels, List<String> classes) {
  private static final Set<String> SPLITS = Set.of("train", "val", "test");
  private static final List<String> ENDINGS =
      List.of(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp");
  private static final int CLASSES_MAX = 10_000;

  int size() {
    return names.size();
  }

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
      throw InvalidInputException.of(
          source,
          "contains no PNG, JPEG or WebP file (%s other files%s)",
          files.size(),
          others(files).isEmpty() ? "" : ": " + String.join(", ", others(files).keySet()));
    }
    if (options.labels() == Labels.FILE) {
      throw InvalidInputException.of(
          "labels", "file is for IDX files, but %s contains image files", source);
    }
    Optional<String> target = target(options.pairing());
    String root = root(images, target);
    Optional<String> split = options.split().or(() -> impliedSplit(images, root));
    List<String> chosen =
        images.stream()
            .filter(name -> inSplit(name, root, split, target))
            .filter(name -> target.isEmpty() || PairedFolders.in(name, target.get()))
            .toList();
    if (chosen.isEmpty()) {
      throw InvalidInputException.of(
          source,
          "has no images under %s%s, its top level is: %s",
          split.map(s -> s + "/").orElse(""),
          target.map(t -> "…/" + t + "/").orElse(""),
          topLevel(images, root));
    }
    if (options.labels() == Labels.NONE) {
      return new Listing(source, chosen, List.of(), List.of());
    }
    List<String> classOf = new ArrayList<>(chosen.size());
    for (String name : chosen) {
      String below = below(name.substring(root.length()), split, target);
      classOf.add(className(source, name, below, options.labels()));
    }
    return labelled(source, chosen, classOf);
  }

  /** The folder of the images in the layout twins. */
  private static Optional<String> target(Optional<Pairing> pairing) {
    return pairing.filter(p -> p.layout() == Pairing.Layout.TWINS).map(Pairing::target);
  }

  /** The path below the split and the folder of images, which may begin with a class. */
  private static String below(String name, Optional<String> split, Optional<String> target) {
    String below = withoutSplit(name, split);
    if (target.isPresent()) {
      int at = ("/" + below).lastIndexOf("/" + target.get() + "/");
      below = withoutSplit(below.substring(at + target.get().length() + 1), split);
    }
    return below;
  }

  private static String withoutSplit(String name, Optional<String> split) {
    return split.isPresent() && name.startsWith(split.get() + "/")
        ? name.substring(split.get().length() + 1)
        : name;
  }

  private static Listing labelled(String source, List<String> chosen, List<String> classOf) {
    List<String> classes = List.copyOf(new TreeSet<>(classOf));
    if (classes.size() > CLASSES_MAX) {
      throw InvalidInputException.of(
          source, "has %s classes, the limit is %s", classes.size(), CLASSES_MAX);
    }
    List<Integer> labels = classOf.stream().map(c -> Collections.binarySearch(classes, c)).toList();
    return new Listing(source, chosen, labels, classes);
  }

  static boolean isImage(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return !isHidden(name) && ENDINGS.stream().anyMatch(lower::endsWith);
  }

  private static boolean isHidden(String name) {
    return ("/" + name).contains("/.") || ("/" + name).contains("/__MACOSX/");
  }

  /** How many files, without hidden ones, have each ending that is not read. */
  static Map<String, Integer> others(List<String> files) {
    Map<String, Integer> others = new TreeMap<>();
    for (String name : files) {
      if (!isImage(name) && !isHidden(name)) {
        String last = name.substring(name.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
        int dot = last.lastIndexOf('.');
        others.merge(dot < 0 ? "without ending" : last.substring(dot), 1, Integer::sum);
      }
    }
    return others;
  }

  /**
   * The folder, with its '/', that contains everything in a zip; empty if there is none, or if the
   * only folder is a split or the folder of the images.
   */
  private static String root(List<String> images, Optional<String> target) {
    Set<String> tops = topLevel(images, "");
    String only = tops.iterator().next();
    boolean wraps =
        tops.size() == 1
            && images.get(0).contains("/")
            && !SPLITS.contains(only)
            && !target.equals(Optional.of(only));
    // It may be the only class of a set: it is skipped only if it contains splits or twins.
    String root = only + "/";
    boolean inner =
        wraps
            && topLevel(images, root).stream()
                .allMatch(top -> SPLITS.contains(top) || target.isPresent());
    return inner ? root : "";
  }

  /** Whether the file is in the split's folder, or in that of the split in the images' folder. */
  private static boolean inSplit(
      String name, String root, Optional<String> split, Optional<String> target) {
    return split.isEmpty()
        || name.startsWith(root + split.get() + "/")
        || target.filter(t -> PairedFolders.in(name, t + "/" + split.get())).isPresent();
  }

  static boolean hasSplit(List<String> files, String split, Optional<Pairing> pairing) {
    List<String> images = files.stream().filter(Listing::isImage).toList();
    Optional<String> target = target(pairing);
    if (images.isEmpty()) {
      return false;
    }
    String root = root(images, target);
    return images.stream()
        .filter(name -> target.isEmpty() || PairedFolders.in(name, target.get()))
        .anyMatch(name -> inSplit(name, root, Optional.of(split), target));
  }

  /**
   * {@code train}, if it exists and every image is in the folder of a split. A single folder of
   * this name with images and no folders may be a class: trains.
   */
  private static Optional<String> impliedSplit(List<String> images, String root) {
    Set<String> tops = topLevel(images, root);
    boolean several =
        tops.size() > 1
            || images.stream().allMatch(name -> name.indexOf('/', root.length() + 6) > 0);
    return several && tops.contains("train") && SPLITS.containsAll(tops)
        ? Optional.of("train")
        : Optional.empty();
  }

  private static Set<String> topLevel(List<String> images, String root) {
    Set<String> tops = new TreeSet<>();
    for (String name : images) {
      int slash = name.indexOf('/', root.length());
      tops.add(slash < 0 ? "(files)" : name.substring(root.length(), slash));
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
          labels == Labels.FOLDER ? "is not in a class folder" : "has no class before a '-'";
      throw new InvalidInputException(source, name + " in " + source + " " + wanted);
    }
    return text.substring(0, end);
  }
}

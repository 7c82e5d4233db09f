package dev.mezzotint.dataset;

import dev.mezzotint.dataset.DatasetOptions.Kind;
import dev.mezzotint.dataset.Decoder.Sample;
import dev.mezzotint.files.FileErrors;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Palette;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Statistics of a data set, for which every file of a split is decoded once.
 *
 * @param files of the split, including broken ones; for IDX files, the images in them
 * @param sizes of the files as they are, {@code "178×218"} → how many
 * @param classes how many files of each class; empty without classes
 * @param passedOver how many files of other kinds have each ending
 * @param conditions by name
 * @param brokenFiles as "name reason"
 * @param examples some images, each followed by its conditions, for display
 */
public record DatasetReport(
    int files,
    Map<String, Integer> sizes,
    Map<String, Integer> classes,
    Map<String, Integer> passedOver,
    Map<String, Colours> conditions,
    List<String> brokenFiles,
    List<List<Pixels>> examples) {
  /** A condition with more colours is an image, not a label map. */
  private static final int COLOURS_MAX = Palette.ENTRIES_MAX;

  private static final int SIZES_MAX = 1000;

  /**
   * Colours of a condition, as shares of all its pixels.
   *
   * @param shares {@code "#804080 road"}, or the colour alone where it has no name → share; empty
   *     where there are more than a palette can hold
   */
  public record Colours(Map<String, Double> shares) {}

  /**
   * @param examples number of examples, spread over the set
   * @throws InvalidInputException if there is nothing to read as the options say
   */
  public static DatasetReport of(Path path, DatasetOptions options, int examples)
      throws IOException {
    try (FileSource source = FileSource.open(path)) {
      Optional<String> idx =
          options.files() == Kind.IMAGES || options.pairing().isPresent()
              ? Optional.empty()
              : Idx.images(source.names(), options.split());
      if (idx.isPresent() || options.files() == Kind.IDX) {
        return ofIdx(path, options, examples);
      }
      Listing listing = Listing.of(path.toString(), source.names(), options);
      return new Scan(source, listing, options).run(examples);
    }
  }

  private static DatasetReport ofIdx(Path path, DatasetOptions options, int examples)
      throws IOException {
    try (ImageDataset set = ImageDataset.open(path, options)) {
      Map<String, Integer> classes = new LinkedHashMap<>();
      List<List<Pixels>> kept = new ArrayList<>();
      for (int i = 0; i < set.size(); i++) {
        if (set.label(i).isPresent()) {
          classes.merge(set.classes().get(set.label(i).getAsInt()), 1, Integer::sum);
        }
        if (isExample(i, set.size(), examples)) {
          kept.add(set.displayImages(i));
        }
      }
      return new DatasetReport(
          set.size(), Map.of("IDX", set.size()), classes, Map.of(), Map.of(), List.of(), kept);
    }
  }

  private static boolean isExample(int i, int size, int examples) {
    return (long) i * examples / size != ((long) i - 1) * examples / size || i == 0;
  }

  /** One pass over the files. Used by one thread. */
  private static final class Scan {
    private final FileSource source;
    private final Listing listing;
    private final DatasetOptions options;
    private final Decoder decoder;
    private final List<Condition> conditions;
    private final Map<String, Integer> sizes = new TreeMap<>();
    private final List<Map<Integer, Long>> colours = new ArrayList<>();

    Scan(FileSource source, Listing listing, DatasetOptions options) {
      this.source = source;
      this.listing = listing;
      this.options = options;
      this.decoder = new Decoder(source, options);
      this.conditions = options.pairing().map(Pairing::conditions).orElse(List.of());
      conditions.forEach(condition -> colours.add(new LinkedHashMap<>()));
    }

    DatasetReport run(int examples) {
      Map<String, Integer> classes = new LinkedHashMap<>();
      listing.classes().forEach(name -> classes.put(name, 0));
      List<String> broken = new ArrayList<>();
      List<List<Pixels>> kept = new ArrayList<>();
      for (int i = 0; i < listing.size(); i++) {
        String name = listing.names().get(i);
        try {
          int[] size = ImageReader.size(source.bytes(name));
          if (sizes.size() < SIZES_MAX) {
            sizes.merge(size[0] + "×" + size[1], 1, Integer::sum);
          }
          Sample sample = decoder.decode(name);
          count(sample);
          if (!listing.labels().isEmpty()) {
            classes.merge(listing.classes().get(listing.labels().get(i)), 1, Integer::sum);
          }
          if (isExample(i, listing.size(), examples)) {
            kept.add(sample.cropped(Crop.CENTRE, options).displayImages(conditions));
          }
        } catch (IOException e) {
          broken.add(name + " " + FileErrors.reason(e));
        }
      }
      Map<String, Colours> found = new LinkedHashMap<>();
      for (int k = 0; k < conditions.size(); k++) {
        found.put(conditions.get(k).name(), shares(conditions.get(k), colours.get(k)));
      }
      return new DatasetReport(
          listing.size(), sizes, classes, Listing.others(source.names()), found, broken, kept);
    }

    /** Counts at the size to be read: resizing mixes the colours of images, not of label maps. */
    private void count(Sample sample) {
      for (int k = 0; k < conditions.size(); k++) {
        Map<Integer, Long> counts = colours.get(k);
        Pixels pixels = sample.displayImages(conditions).get(k + 1).withChannels(3);
        for (int i = 0; i < pixels.bytes().length && counts.size() <= COLOURS_MAX; i += 3) {
          counts.merge(Palette.colour(pixels.bytes(), i), 1L, Long::sum);
        }
      }
    }

    private static Colours shares(Condition condition, Map<Integer, Long> counts) {
      Map<String, Double> shares = new LinkedHashMap<>();
      if (counts.size() > COLOURS_MAX) {
        return new Colours(shares);
      }
      Map<Integer, String> names = new LinkedHashMap<>();
      condition
          .palette()
          .ifPresent(p -> p.entries().forEach(e -> names.put(e.rgb(), " " + e.name())));
      double all = counts.values().stream().mapToLong(Long::longValue).sum();
      names.forEach((rgb, name) -> counts.putIfAbsent(rgb, 0L));
      counts.entrySet().stream()
          .sorted(Map.Entry.<Integer, Long>comparingByValue().reversed())
          .forEach(
              e ->
                  shares.put(
                      String.format(Locale.ROOT, "#%06x", e.getKey())
                          + names.getOrDefault(e.getKey(), ""),
                      e.getValue() / all));
      return new Colours(shares);
    }
  }
}

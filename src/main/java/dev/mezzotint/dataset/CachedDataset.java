package dev.mezzotint.dataset;

import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Resize;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * A data set in memory, a byte a sample. Broken files are left out when it is loaded, so its
 * indices do not change afterwards. Safe for use by several threads.
 */
final class CachedDataset implements ImageDataset {
  private final DatasetOptions options;
  private final List<String> names;
  private final List<Integer> labels;
  private final List<String> classes;
  private final List<Pixels> images;
  private final List<String> broken;

  private CachedDataset(
      DatasetOptions options,
      List<String> names,
      List<Integer> labels,
      List<String> classes,
      List<Pixels> images,
      List<String> broken) {
    this.options = options;
    this.names = names;
    this.labels = labels;
    this.classes = classes;
    this.images = images;
    this.broken = broken;
  }

  /** Decodes everything, then closes the source. */
  static CachedDataset load(FileSource source, Listing listing, DatasetOptions options)
      throws IOException {
    try (source) {
      Broken broken = new Broken(listing.source(), listing.size());
      @Nullable Pixels[] decoded = decodeAll(source, listing, options, broken);
      List<String> names = new ArrayList<>();
      List<Integer> labels = new ArrayList<>();
      List<Pixels> images = new ArrayList<>();
      for (int i = 0; i < decoded.length; i++) {
        Pixels image = decoded[i];
        if (image != null) {
          names.add(listing.names().get(i));
          images.add(image);
          if (!listing.labels().isEmpty()) {
            labels.add(listing.labels().get(i));
          }
        }
      }
      return new CachedDataset(options, names, labels, listing.classes(), images, broken.list());
    }
  }

  /** Null where a file is broken. */
  private static @Nullable Pixels[] decodeAll(
      FileSource source, Listing listing, DatasetOptions options, Broken broken)
      throws IOException {
    @Nullable Pixels[] decoded = new @Nullable Pixels[listing.size()];
    ExecutorService pool = Executors.newFixedThreadPool(options.threads());
    try {
      List<Future<?>> parts = new ArrayList<>();
      for (int part = 0; part < options.threads(); part++) {
        int first = part;
        parts.add(
            pool.submit(
                () -> {
                  for (int i = first; i < decoded.length; i += options.threads()) {
                    if (Thread.interrupted()) {
                      return;
                    }
                    String name = listing.names().get(i);
                    try {
                      decoded[i] = decode(source, name, options);
                    } catch (IOException e) {
                      broken.add(name, String.valueOf(e.getMessage()));
                    }
                  }
                }));
      }
      for (Future<?> part : parts) {
        part.get();
      }
      return decoded;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while the data set was loaded");
    } finally {
      pool.shutdownNow();
    }
  }

  /** One file at the wanted size and channels. */
  static Pixels decode(FileSource source, String name, DatasetOptions options) throws IOException {
    Pixels pixels = ImageReader.read(source.bytes(name), options.channels());
    return Resize.cover(pixels, options.width(), options.height());
  }

  @Override
  public int size() {
    return images.size();
  }

  @Override
  public int channels() {
    return options.channels();
  }

  @Override
  public int height() {
    return options.height();
  }

  @Override
  public int width() {
    return options.width();
  }

  @Override
  public String name(int i) {
    return names.get(i);
  }

  @Override
  public OptionalInt label(int i) {
    return labels.isEmpty() ? OptionalInt.empty() : OptionalInt.of(labels.get(i));
  }

  @Override
  public List<String> classes() {
    return classes;
  }

  @Override
  public void read(int i, float[] out, int offset) {
    images.get(i).toChw(out, offset);
  }

  @Override
  public List<String> broken() {
    return broken;
  }

  @Override
  public void close() {}
}

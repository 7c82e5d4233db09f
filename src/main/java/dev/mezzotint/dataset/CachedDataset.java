package dev.mezzotint.dataset;

import dev.mezzotint.dataset.Decoder.Sample;
import dev.mezzotint.files.FileErrors;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * A data set held in memory, one byte per value. Broken files are left out when it is loaded, so
 * its indices do not change afterwards. Safe for use by several threads.
 */
final class CachedDataset extends ListedDataset {
  private final List<Sample> samples;
  private final List<String> broken;

  /**
   * @param samples one for each name of the listing
   */
  CachedDataset(
      Listing listing, DatasetOptions options, List<Sample> samples, List<String> broken) {
    super(listing, options);
    this.samples = samples;
    this.broken = broken;
  }

  /** Decodes all files, then closes the source. */
  static CachedDataset load(FileSource source, Listing listing, DatasetOptions options)
      throws IOException {
    try (source) {
      DecodeFailures broken =
          new DecodeFailures(listing.source(), listing.size(), options.brokenMax());
      @Nullable Sample[] decoded = decodeAll(new Decoder(source, options), listing, broken);
      List<Integer> kept = new ArrayList<>();
      List<Sample> samples = new ArrayList<>();
      for (int i = 0; i < decoded.length; i++) {
        Sample sample = decoded[i];
        if (sample != null) {
          kept.add(i);
          samples.add(sample);
        }
      }
      return new CachedDataset(listing.only(kept), options, samples, broken.list());
    }
  }

  /** Null where a file is broken. */
  private static @Nullable Sample[] decodeAll(
      Decoder decoder, Listing listing, DecodeFailures broken) throws IOException {
    @Nullable Sample[] decoded = new @Nullable Sample[listing.size()];
    int threads = decoder.options().threads();
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> parts = new ArrayList<>();
      for (int part = 0; part < threads; part++) {
        int first = part;
        parts.add(
            pool.submit(
                () -> {
                  for (int i = first; i < decoded.length; i += threads) {
                    if (Thread.interrupted()) {
                      return;
                    }
                    String name = listing.names().get(i);
                    try {
                      decoded[i] = decoder.decode(name);
                    } catch (IOException e) {
                      broken.add(name, FileErrors.reason(e));
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
      throw new InterruptedIOException("interrupted while loading the data set");
    } finally {
      pool.shutdownNow();
    }
  }

  @Override
  Sample sample(int i) {
    return samples.get(i);
  }

  @Override
  public List<String> brokenFiles() {
    return broken;
  }

  @Override
  public void close() {}
}

package dev.mezzotint.dataset;

import dev.mezzotint.dataset.Decoder.Sample;
import dev.mezzotint.files.FileErrors;
import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.List;
import java.util.OptionalInt;

/**
 * A data set too large for memory: each read decodes its file. Broken files are detected only when
 * they are read; the next readable one of the same class then replaces them, so that size, indices
 * and classes, and with them the meaning of a training's position, never change. Safe for use by
 * several threads.
 */
final class DecodingDataset extends ListedDataset {
  private static final int TRIED = 64;

  private final Decoder decoder;
  private final DecodeFailures broken;

  private DecodingDataset(FileSource source, Listing listing, DatasetOptions options) {
    super(listing, options);
    this.decoder = new Decoder(source, options);
    this.broken = new DecodeFailures(listing.source(), listing.size(), options.brokenMax());
  }

  /**
   * Tries a few files spread over the set, so that a mostly broken set is refused at once.
   *
   * @throws InvalidInputException if significantly more of them are broken than the limit allows
   */
  static DecodingDataset open(FileSource source, Listing listing, DatasetOptions options)
      throws IOException {
    DecodingDataset set = new DecodingDataset(source, listing, options);
    int tried = Math.min(TRIED, listing.size());
    for (int k = 0; k < tried; k++) {
      String name = set.name((int) ((long) k * listing.size() / tried));
      try {
        set.decoder.decode(name);
      } catch (IOException e) {
        set.broken.add(name, FileErrors.reason(e));
      }
    }
    List<String> found = set.brokenFiles();
    double expected = options.brokenMax() * tried;
    // Three standard deviations of a Poisson count: a set within the limit almost never fails.
    if (found.size() > expected + 3 * Math.sqrt(expected + 1)) {
      throw new InvalidInputException(
          listing.source(),
          "%s of %s images tried in %s cannot be read, brokenMax is %s; for example: %s"
              .formatted(found.size(), tried, listing.source(), options.brokenMax(), found.get(0)));
    }
    return set;
  }

  @Override
  Sample sample(int i) throws IOException {
    OptionalInt label = label(i);
    for (int step = 0; step < size(); step++) {
      int at = (i + step) % size();
      String name = name(at);
      if (broken.contains(name) || !label(at).equals(label)) {
        continue;
      }
      try {
        return decoder.decode(name);
      } catch (ClosedByInterruptException e) {
        throw e; // not a fault of the file
      } catch (IOException e) {
        broken.add(name, FileErrors.reason(e));
      }
    }
    throw new IOException("no image like " + name(i) + " can be read");
  }

  @Override
  public List<String> brokenFiles() {
    return broken.list();
  }

  @Override
  public void close() throws IOException {
    decoder.source().close();
  }
}

package dev.mezzotint.dataset;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.List;
import java.util.OptionalInt;

/**
 * A data set too large for memory: each read decodes its file again. Broken files show only when
 * they are read; the next readable one of the same class then stands in, so that size, indices and
 * classes, and with them a training run's position, stay the same whenever the damage is found.
 * Safe for use by several threads.
 */
final class DecodingDataset implements ImageDataset {
  private final FileSource source;
  private final Listing listing;
  private final DatasetOptions options;
  private final Broken broken;

  DecodingDataset(FileSource source, Listing listing, DatasetOptions options) {
    this.source = source;
    this.listing = listing;
    this.options = options;
    this.broken = new Broken(listing.source(), listing.size());
  }

  @Override
  public int size() {
    return listing.size();
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
    return listing.names().get(i);
  }

  @Override
  public OptionalInt label(int i) {
    return listing.labels().isEmpty()
        ? OptionalInt.empty()
        : OptionalInt.of(listing.labels().get(i));
  }

  @Override
  public List<String> classes() {
    return listing.classes();
  }

  @Override
  public void read(int i, float[] out, int offset) throws IOException {
    OptionalInt label = label(i);
    for (int step = 0; step < size(); step++) {
      int at = (i + step) % size();
      String name = listing.names().get(at);
      if (broken.contains(name) || !label(at).equals(label)) {
        continue;
      }
      try {
        CachedDataset.decode(source, name, options).toChw(out, offset);
        return;
      } catch (ClosedByInterruptException e) {
        throw e; // says nothing about the file
      } catch (IOException e) {
        broken.add(name, String.valueOf(e.getMessage()));
      }
    }
    throw new IOException("no image like " + listing.names().get(i) + " can be read");
  }

  @Override
  public List<String> broken() {
    return broken.list();
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}

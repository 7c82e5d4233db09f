package dev.mezzotint.dataset;

import dev.mezzotint.dataset.Decoder.Sample;
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
final class DecodingDataset extends ListedDataset {
  private final Decoder decoder;
  private final Broken broken;

  DecodingDataset(FileSource source, Listing listing, DatasetOptions options) {
    super(listing, options);
    this.decoder = new Decoder(source, options);
    this.broken = new Broken(listing.source(), listing.size());
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
        throw e; // says nothing about the file
      } catch (IOException e) {
        broken.add(name, String.valueOf(e.getMessage()));
      }
    }
    throw new IOException("no image like " + name(i) + " can be read");
  }

  @Override
  public List<String> broken() {
    return broken.list();
  }

  @Override
  public void close() throws IOException {
    decoder.source().close();
  }
}

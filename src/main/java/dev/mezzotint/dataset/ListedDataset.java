package dev.mezzotint.dataset;

import dev.mezzotint.dataset.Decoder.Sample;
import dev.mezzotint.image.Pixels;
import java.io.IOException;
import java.util.List;
import java.util.OptionalInt;

/** Base of all data sets: a listing, and samples that are converted to floats. */
abstract sealed class ListedDataset implements ImageDataset
    permits CachedDataset, DecodingDataset, Idx.Planes {
  final Listing listing;
  final DatasetOptions options;

  ListedDataset(Listing listing, DatasetOptions options) {
    this.listing = listing;
    this.options = options;
  }

  abstract Sample sample(int i) throws IOException;

  @Override
  public final int size() {
    return listing.size();
  }

  @Override
  public final int channels() {
    return options.channels();
  }

  @Override
  public final int height() {
    return options.height();
  }

  @Override
  public final int width() {
    return options.width();
  }

  @Override
  public final List<Condition> conditions() {
    return options.pairing().map(Pairing::conditions).orElse(List.of());
  }

  @Override
  public final String name(int i) {
    return listing.names().get(i);
  }

  @Override
  public final OptionalInt label(int i) {
    return listing.labels().isEmpty()
        ? OptionalInt.empty()
        : OptionalInt.of(listing.labels().get(i));
  }

  @Override
  public final List<String> classes() {
    return listing.classes();
  }

  @Override
  public final void read(int i, float[] out, int offset) throws IOException {
    sample(i).cropped(Crop.CENTRE, options).image().toChw(out, offset);
  }

  @Override
  public final void read(
      int i, Crop crop, float[] image, int offset, float[] condition, int conditionOffset)
      throws IOException {
    Sample sample = sample(i).cropped(crop, options);
    sample.image().toChw(image, offset);
    int at = conditionOffset;
    for (int k = 0; k < sample.conditions().size(); k++) {
      Pixels pixels = sample.conditions().get(k);
      Condition kind = conditions().get(k);
      if (kind.palette().isPresent()) {
        kind.palette().get().oneHot(pixels, condition, at);
      } else {
        pixels.toChw(condition, at);
      }
      at += kind.channels() * pixels.height() * pixels.width();
    }
  }

  @Override
  public final List<Pixels> displayImages(int i, Crop crop) throws IOException {
    return sample(i).cropped(crop, options).displayImages(conditions());
  }
}

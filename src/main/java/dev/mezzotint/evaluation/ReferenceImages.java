package dev.mezzotint.evaluation;

import dev.mezzotint.dataset.ImageDataset;
import java.io.IOException;
import java.util.Optional;

/**
 * Images of a data set, with the condition and label of each.
 *
 * @param conditions as the network sees them; empty in a set without
 * @param labels class labels, all 0 in a set without
 * @param indices of the images in the data set
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ReferenceImages(
    ImageSet images, Optional<ImageSet> conditions, long[] labels, int[] indices) {

  static ReferenceImages read(ImageDataset set, int... which) throws IOException {
    int h = set.height();
    int w = set.width();
    int n = which.length;
    int channels = set.conditionChannels();
    ImageSet images = new ImageSet(n, set.channels(), h, w, new float[n * set.channels() * h * w]);
    float[] conditions = new float[n * channels * h * w];
    long[] labels = new long[n];
    for (int i = 0; i < n; i++) {
      set.read(which[i], images.values(), i * images.stride(), conditions, i * channels * h * w);
      labels[i] = set.label(which[i]).orElse(0);
    }
    return new ReferenceImages(
        images,
        channels == 0 ? Optional.empty() : Optional.of(new ImageSet(n, channels, h, w, conditions)),
        labels,
        which);
  }
}

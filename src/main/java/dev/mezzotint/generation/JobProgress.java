package dev.mezzotint.generation;

import dev.mezzotint.delivery.GeneratedImages;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What has become of a job's pictures so far. Safe for use by many threads; whoever waits for
 * changes waits on the tally itself.
 */
final class JobProgress {
  private final boolean named;

  // All below guarded by this.
  private final GeneratedImages.@Nullable Image[] images;
  private final boolean[] settled; // stored, or failed
  private final SortedMap<Integer, String> failed = new TreeMap<>(); // causes by frame
  private final Deque<String> fresh = new ArrayDeque<>(); // keys that nobody was told of
  private long done;
  private int stored;
  private int settledCount;

  /**
   * @param count pictures of the job
   * @param named whether somebody wants to hear their keys as they are stored
   */
  JobProgress(int count, boolean named) {
    this.named = named;
    this.images = new GeneratedImages.@Nullable Image[count];
    this.settled = new boolean[count];
  }

  /** So many evaluations were made. */
  synchronized void advanced(int stages) {
    done += stages;
  }

  /** A picture stands in the store. */
  synchronized void stored(int index, GeneratedImages.Image image) {
    if (settled[index]) {
      return;
    }
    images[index] = image;
    stored++;
    if (named) {
      fresh.add(image.key());
    }
    settle(index);
  }

  /**
   * A picture will not be made.
   *
   * @param stages that it would have taken
   */
  synchronized void failed(int index, int frame, String cause, int stages) {
    if (!settled[index]) {
      failed.put(frame, cause);
      done += stages;
      settle(index);
    }
  }

  private void settle(int index) {
    settled[index] = true;
    settledCount++;
    notifyAll();
  }

  synchronized boolean complete() {
    return settledCount == settled.length;
  }

  synchronized int settled() {
    return settledCount;
  }

  /** Whether nothing of these is under way any more. */
  synchronized boolean settled(int from, int to) {
    for (int index = from; index < to; index++) {
      if (!settled[index]) {
        return false;
      }
    }
    return true;
  }

  /** Evaluations of all rows together. */
  synchronized long done() {
    return done;
  }

  /** Pictures that stand in the store. */
  synchronized int stored() {
    return stored;
  }

  /** Pictures that stand in the store, in the order of their index. */
  synchronized List<GeneratedImages.Image> images() {
    List<GeneratedImages.Image> all = new ArrayList<>();
    for (GeneratedImages.Image image : images) {
      if (image != null) {
        all.add(image);
      }
    }
    return all;
  }

  /** Frames that could not be made, and why, in the order of the frames. */
  synchronized SortedMap<Integer, String> failed() {
    return new TreeMap<>(failed);
  }

  /** Whether there are keys that {@link #fresh} has not given yet. */
  synchronized boolean hasFresh() {
    return !fresh.isEmpty();
  }

  /** Keys of stored pictures, each given once. */
  synchronized List<String> fresh(int countMax) {
    List<String> keys = new ArrayList<>();
    while (keys.size() < countMax && !fresh.isEmpty()) {
      keys.add(fresh.remove());
    }
    return keys;
  }
}

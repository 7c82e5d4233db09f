package dev.mezzotint.generation;

import dev.mezzotint.delivery.GeneratedImages;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Progress of a job's images. Safe for use by many threads; changes are notified on this object's
 * monitor.
 */
final class JobProgress {
  /** Keys in one event. */
  static final int KEYS_MAX = 256;

  private final boolean framed;
  private final long total;

  // All below guarded by this.
  private final GeneratedImages.@Nullable Image[] images;
  private final boolean[] settled; // stored, or failed
  private final SortedMap<Integer, String> failed = new TreeMap<>(); // causes by frame
  private final Deque<String> unpublished = new ArrayDeque<>(); // keys
  private long done;
  private int stored;
  private int settledCount;

  /**
   * @param plan of the job; the keys of its frames are published as soon as they are stored
   */
  JobProgress(Plan plan) {
    this.framed = plan.frames().isPresent();
    this.total = plan.evaluationsTotal();
    this.images = new GeneratedImages.@Nullable Image[plan.count()];
    this.settled = new boolean[plan.count()];
  }

  /** Counts evaluations, all rows together. */
  synchronized void advanced(int stages) {
    done += stages;
  }

  /** An image is in the store. */
  synchronized void stored(int index, GeneratedImages.Image image) {
    if (settled[index]) {
      return;
    }
    images[index] = image;
    stored++;
    if (framed) {
      unpublished.add(image.key());
    }
    settle(index);
  }

  /**
   * An image will not be made.
   *
   * @param evaluations that it would have taken
   */
  synchronized void failed(int index, int frame, String cause, int evaluations) {
    if (!settled[index]) {
      failed.put(frame, cause);
      done += evaluations;
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

  /** Whether all images of a range are stored or failed. */
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

  synchronized int stored() {
    return stored;
  }

  /** Stored images in the order of their index. */
  synchronized List<GeneratedImages.Image> images() {
    List<GeneratedImages.Image> all = new ArrayList<>();
    for (GeneratedImages.Image image : images) {
      if (image != null) {
        all.add(image);
      }
    }
    return all;
  }

  /** Causes of frames that failed, in the order of the frames. */
  synchronized SortedMap<Integer, String> failed() {
    return new TreeMap<>(failed);
  }

  /** Whether frames were stored that no event contains yet. */
  synchronized boolean hasUnpublished() {
    return !unpublished.isEmpty();
  }

  /** The members of a progress event; each key of a frame is in one event only. */
  synchronized Map<String, Object> event() {
    Map<String, Object> event = new LinkedHashMap<>();
    event.put("done", done);
    event.put("total", total);
    event.put("images", stored);
    event.put("imagesTotal", settled.length);
    if (framed) {
      List<String> keys = new ArrayList<>();
      while (keys.size() < KEYS_MAX && !unpublished.isEmpty()) {
        keys.add(unpublished.remove());
      }
      event.put("frames", keys);
    }
    return event;
  }
}

package dev.mezzotint.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes animations as APNG (PNG specification, third edition): every browser plays them, any PNG
 * reader shows the first frame, and all colours are kept, where GIF has 256. Of each frame after
 * the first only the rectangle that changed is stored. Safe for use by several threads.
 */
public final class Apng {
  public static final int FRAMES_MAX = 2000;

  private Apng() {}

  /**
   * Encodes an animation that loops forever; readers without animation show the first frame.
   *
   * @param frames at least one, all of one size and number of channels
   * @param millis duration of each frame, 1 to 65535
   * @param lastMillis duration of the last frame
   */
  public static byte[] encode(List<Pixels> frames, int millis, int lastMillis) {
    return encode(frames, millis, lastMillis, /* still= */ null);
  }

  /**
   * As {@link #encode(List, int, int)}, with a separate still image for readers without animation.
   *
   * @param still of the frames' size; null for the first frame
   */
  public static byte[] encode(
      List<Pixels> frames, int millis, int lastMillis, @Nullable Pixels still) {
    if (frames.isEmpty() || frames.size() > FRAMES_MAX) {
      throw new IllegalArgumentException(
          "an animation must have 1 to " + FRAMES_MAX + " frames, not " + frames.size());
    }
    Pixels first = still == null ? frames.get(0) : still;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Png.begin(out, first);
    Png.chunk(out, "acTL", ByteBuffer.allocate(8).putInt(frames.size()).putInt(0).array());
    if (still != null) {
      Png.chunk(out, "IDAT", Png.deflated(still, Png.LEVEL_DEFAULT));
    }
    int sequence = 0;
    for (int i = 0; i < frames.size(); i++) {
      Pixels frame = frames.get(i);
      checkSize(i, frame, first);
      Box box = i == 0 ? Box.whole(first) : Box.changed(frames.get(i - 1), frame);
      int delay = i == frames.size() - 1 ? lastMillis : millis;
      Png.chunk(out, "fcTL", control(sequence++, box, delay));
      byte[] data = Png.deflated(box.cut(frame), Png.LEVEL_DEFAULT);
      if (i == 0 && still == null) {
        Png.chunk(out, "IDAT", data);
      } else {
        byte[] numbered = ByteBuffer.allocate(4 + data.length).putInt(sequence++).put(data).array();
        Png.chunk(out, "fdAT", numbered);
      }
    }
    Png.chunk(out, "IEND", new byte[0]);
    return out.toByteArray();
  }

  private static void checkSize(int i, Pixels frame, Pixels first) {
    if (!frame.isShapedLike(first)) {
      throw new IllegalArgumentException(
          "frame " + i + " differs from the first in size or channels");
    }
  }

  private static byte[] control(int sequence, Box box, int millis) {
    if (millis < 1 || millis > 0xFFFF) {
      throw new IllegalArgumentException("a frame's duration must be 1 to 65535 ms, not " + millis);
    }
    return ByteBuffer.allocate(26)
        .putInt(sequence)
        .putInt(box.width)
        .putInt(box.height)
        .putInt(box.left)
        .putInt(box.top)
        .putShort((short) millis)
        .putShort((short) 1000)
        .put((byte) 0) // dispose: keep the output buffer
        .put((byte) 0) // blend: replace the rectangle
        .array();
  }

  /** A rectangle of a frame; at least one pixel, as the format requires. */
  private record Box(int left, int top, int width, int height) {
    static Box whole(Pixels frame) {
      return new Box(0, 0, frame.width(), frame.height());
    }

    static Box changed(Pixels before, Pixels after) {
      int left = after.width();
      int right = -1;
      int top = after.height();
      int bottom = -1;
      for (int y = 0; y < after.height(); y++) {
        for (int x = 0; x < after.width(); x++) {
          if (differs(before, after, y * after.width() + x)) {
            left = Math.min(left, x);
            right = Math.max(right, x);
            top = Math.min(top, y);
            bottom = y;
          }
        }
      }
      return right < 0
          ? new Box(0, 0, 1, 1)
          : new Box(left, top, right - left + 1, bottom - top + 1);
    }

    private static boolean differs(Pixels before, Pixels after, int pixel) {
      for (int c = 0; c < after.channels(); c++) {
        int at = pixel * after.channels() + c;
        if (before.bytes()[at] != after.bytes()[at]) {
          return true;
        }
      }
      return false;
    }

    Pixels cut(Pixels frame) {
      return frame.part(left, top, width, height);
    }
  }
}

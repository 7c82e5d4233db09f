package dev.mezzotint.storage;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.json.JsonObject;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;

/**
 * Keys of all objects in the bucket.
 *
 * <pre>
 * jobs/&lt;id&gt;/job.json              the fence: the request that owns the id, and its attempts
 * jobs/&lt;id&gt;/images/00000.png      one object per image, numbered from 0
 * jobs/&lt;id&gt;/images/&lt;name&gt;.png     the images of a frame job, named after its conditions
 * jobs/&lt;id&gt;/grid.png              all images in one grid
 * jobs/&lt;id&gt;/sheet.png             conditions, references and images side by side
 * jobs/&lt;id&gt;/clip.png              all images as an animation
 * jobs/&lt;id&gt;/manifest.json         the commit: how the job ended, and its result
 * jobs/&lt;id&gt;/checkpoints/…         checkpoints of a training job
 * jobs/&lt;id&gt;/checkpoints/latest.json   the current checkpoint, and the attempt that owns it
 * jobs/&lt;id&gt;/checkpoints/pairs/… the pairs that a reflow trains on
 * jobs/&lt;id&gt;/samples/0001000.png   samples of the model at a step
 * jobs/&lt;id&gt;/loss.png, log.csv     its loss at every step
 * models/&lt;name&gt;/&lt;version&gt;/…     a model's files
 * models/&lt;name&gt;/latest.json     the newest version
 * </pre>
 *
 * <p>Ids, names and versions must already satisfy the rules of their types, which exclude
 * separators.
 */
public final class Keys {
  /** The rule of {@link #isValidKey}, to follow a field's name in a message. */
  public static final String KEY_RULE =
      "must be an object's key of 1 to 1024 bytes, with at most 255 between two slashes, without a"
          + " leading '/', '.' or '..' between slashes, or control characters";

  public static final String JOBS = "jobs/";

  public static final String MODELS = "models/";

  /** S3's limit for keys in UTF-8. */
  private static final int KEY_BYTES_MAX = 1_024;

  /** The limit of stores that keep objects as files, for each part between slashes. */
  private static final int PART_BYTES_MAX = 255;

  /** Path segments that S3 clients do not send. */
  private static final Set<String> DOTS = Set.of(".", "..");

  private Keys() {}

  /**
   * Checks a key in a field of a request.
   *
   * @throws dev.mezzotint.json.InvalidInputException if a request may not use it
   */
  public static void check(JsonObject parent, String field, String key) {
    if (!isValidKey(key)) {
      throw parent.refuse(field, KEY_RULE + ", not " + JsonObject.quote(key));
    }
  }

  /** Whether a request may use this key. */
  public static boolean isValidKey(String key) {
    return !key.isEmpty()
        && key.getBytes(UTF_8).length <= KEY_BYTES_MAX
        && !key.startsWith("/")
        && Arrays.stream(key.split("/", -1))
            .noneMatch(part -> DOTS.contains(part) || part.getBytes(UTF_8).length > PART_BYTES_MAX)
        && key.chars().noneMatch(Character::isISOControl);
  }

  public static String job(String id) {
    return JOBS + id + "/";
  }

  public static String jobRecord(String id) {
    return job(id) + "job.json";
  }

  public static String images(String id) {
    return job(id) + "images/";
  }

  /**
   * A numbered image.
   *
   * @param index of the image within the job, from 0
   */
  public static String image(String id, int index) {
    return images(id) + String.format(Locale.ROOT, "%05d.png", index);
  }

  /**
   * A named image.
   *
   * @param name of an image that is named after its condition, checked, without extension
   */
  public static String frame(String id, String name) {
    return images(id) + name + ".png";
  }

  /** The contact sheet: conditions, references and images side by side. */
  public static String sheet(String id) {
    return job(id) + "sheet.png";
  }

  public static String clip(String id) {
    return job(id) + "clip.png";
  }

  public static String grid(String id) {
    return job(id) + "grid.png";
  }

  public static String manifest(String id) {
    return job(id) + "manifest.json";
  }

  public static String checkpoints(String id) {
    return job(id) + "checkpoints/";
  }

  /** The pointer of a training job to its current checkpoint. */
  public static String latestCheckpoint(String id) {
    return checkpoints(id) + "latest.json";
  }

  /**
   * A checkpoint.
   *
   * @param run of the attempt that writes the checkpoint, so that two attempts never share a key
   */
  public static String checkpoint(String id, long iteration, String run) {
    return checkpoints(id) + numbered(iteration) + "-" + run + ".safetensors";
  }

  /** The losses up to a checkpoint. */
  public static String checkpointLog(String id, long iteration, String run) {
    return checkpoints(id) + numbered(iteration) + "-" + run + ".csv";
  }

  /**
   * A part of the pairs that a reflow trains on.
   *
   * @param origin identifies the model that generated the pairs
   * @param part from 0
   */
  public static String pairs(String id, String origin, int part) {
    return checkpoints(id) + String.format(Locale.ROOT, "pairs/%s/%05d.f32", origin, part);
  }

  /** The model's samples from fixed noise at this step. */
  public static String sample(String id, long iteration) {
    return samples(id) + numbered(iteration) + ".png";
  }

  public static String samples(String id) {
    return job(id) + "samples/";
  }

  public static String lossCurve(String id) {
    return job(id) + "loss.png";
  }

  public static String lossLog(String id) {
    return job(id) + "log.csv";
  }

  private static String numbered(long iteration) {
    return String.format(Locale.ROOT, "%07d", iteration);
  }

  public static String model(String name) {
    return MODELS + name + "/";
  }

  public static String modelVersion(String name, String version) {
    return model(name) + version + "/";
  }

  /**
   * A file of a model.
   *
   * @param file such as {@code config.json}
   */
  public static String modelFile(String name, String version, String file) {
    return modelVersion(name, version) + file;
  }

  /** Names the version that {@code name@latest} means. */
  public static String latestModel(String name) {
    return model(name) + "latest.json";
  }
}

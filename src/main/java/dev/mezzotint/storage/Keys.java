package dev.mezzotint.storage;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.Locale;
import java.util.Set;

/**
 * Where everything stands in the bucket.
 *
 * <pre>
 * jobs/&lt;id&gt;/job.json              the fence: whose id this is, and its attempts
 * jobs/&lt;id&gt;/images/00000.png      one object per image, numbered from 0
 * jobs/&lt;id&gt;/images/&lt;name&gt;.png     the same of a frame job, named as its conditions
 * jobs/&lt;id&gt;/grid.png              all images in one
 * jobs/&lt;id&gt;/sheet.png             condition, reference and images beside each other
 * jobs/&lt;id&gt;/clip.png              all images one after the other
 * jobs/&lt;id&gt;/manifest.json         the commit: how the job ended, and with what
 * jobs/&lt;id&gt;/checkpoints/…         states of a training job
 * jobs/&lt;id&gt;/checkpoints/latest.json   which state counts, and whose turn it is
 * jobs/&lt;id&gt;/checkpoints/pairs/… what a reflow trains on
 * jobs/&lt;id&gt;/samples/0001000.png   what the model could do at a step
 * jobs/&lt;id&gt;/loss.png, log.csv     its loss at every step
 * models/&lt;name&gt;/&lt;version&gt;/…     a model's files
 * models/&lt;name&gt;/latest.json     which version is the newest
 * </pre>
 *
 * <p>Ids, names and versions come checked by the rules of their types, which permit no separator.
 */
public final class Keys {
  /** What {@link #nameable} asks for, behind a field's name. */
  public static final String NAMEABLE_RULE =
      "must be an object's key of 1 to 1024 bytes without a leading '/', '.' or '..' between"
          + " slashes, or control characters";

  /** All jobs begin so. */
  public static final String JOBS = "jobs/";

  /** All models begin so. */
  public static final String MODELS = "models/";

  /** In UTF-8, S3's own. */
  private static final int KEY_BYTES_MAX = 1_024;

  /** Steps between folders in addresses, which S3's clients do not send. */
  private static final Set<String> DOTS = Set.of(".", "..");

  private Keys() {}

  /** Whether a stranger may name an object so. */
  public static boolean nameable(String key) {
    return !key.isEmpty()
        && key.getBytes(UTF_8).length <= KEY_BYTES_MAX
        && !key.startsWith("/")
        && Arrays.stream(key.split("/", -1)).noneMatch(DOTS::contains)
        && key.chars().noneMatch(Character::isISOControl);
  }

  /** Everything of a job begins so. */
  public static String job(String id) {
    return JOBS + id + "/";
  }

  public static String jobRecord(String id) {
    return job(id) + "job.json";
  }

  /** All pictures of a job begin so. */
  public static String images(String id) {
    return job(id) + "images/";
  }

  /**
   * @param index of the image within the job, from 0
   */
  public static String image(String id, int index) {
    return images(id) + String.format(Locale.ROOT, "%05d.png", index);
  }

  /**
   * @param name of a picture that is named after what it was made from, checked; without ending
   */
  public static String frame(String id, String name) {
    return images(id) + name + ".png";
  }

  /** Inputs, references and pictures of a job beside each other. */
  public static String sheet(String id) {
    return job(id) + "sheet.png";
  }

  /** All pictures of a job one after the other. */
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

  /** Of a training job: which checkpoint counts, and whose turn it is. */
  public static String latestCheckpoint(String id) {
    return checkpoints(id) + "latest.json";
  }

  /**
   * @param run of the attempt that writes it: two attempts never share a key
   */
  public static String checkpoint(String id, long iteration, String run) {
    return checkpoints(id) + numbered(iteration) + "-" + run + ".safetensors";
  }

  /** The losses up to a checkpoint. */
  public static String checkpointLog(String id, long iteration, String run) {
    return checkpoints(id) + numbered(iteration) + "-" + run + ".csv";
  }

  /**
   * A part of the pairs of a model's own making.
   *
   * @param origin of a part that depends on what the job began from
   * @param part from 0
   */
  public static String pairs(String id, String origin, int part) {
    return checkpoints(id) + String.format(Locale.ROOT, "pairs/%s/%05d.f32", origin, part);
  }

  /** What the model made of fixed noise after so many steps. */
  public static String sample(String id, long iteration) {
    return samples(id) + numbered(iteration) + ".png";
  }

  /** All sample grids of a training job begin so. */
  public static String samples(String id) {
    return job(id) + "samples/";
  }

  /** The loss of every step of a training job as a picture. */
  public static String lossCurve(String id) {
    return job(id) + "loss.png";
  }

  /** The loss of every step of a training job as a table. */
  public static String lossLog(String id) {
    return job(id) + "log.csv";
  }

  private static String numbered(long iteration) {
    return String.format(Locale.ROOT, "%07d", iteration);
  }

  /** Everything of a model, all versions, begins so. */
  public static String model(String name) {
    return MODELS + name + "/";
  }

  public static String modelVersion(String name, String version) {
    return model(name) + version + "/";
  }

  /**
   * @param file such as {@code config.json}
   */
  public static String modelFile(String name, String version, String file) {
    return modelVersion(name, version) + file;
  }

  /** Says which version {@code name@latest} is. */
  public static String latestModel(String name) {
    return model(name) + "latest.json";
  }
}

package dev.mezzotint.storage;

import java.util.Locale;

/**
 * Where everything stands in the bucket.
 *
 * <pre>
 * jobs/&lt;id&gt;/job.json              the fence: whose id this is, and its attempts
 * jobs/&lt;id&gt;/images/00000.png      one object per image, numbered from 0
 * jobs/&lt;id&gt;/grid.png              all images in one
 * jobs/&lt;id&gt;/manifest.json         the commit: how the job ended, and with what
 * jobs/&lt;id&gt;/checkpoints/…         states of a training job
 * models/&lt;name&gt;/&lt;version&gt;/…     a model's files
 * models/&lt;name&gt;/latest.json     which version is the newest
 * </pre>
 *
 * <p>Ids, names and versions come checked by the rules of their types, which permit no separator.
 */
public final class Keys {
  private Keys() {}

  /** Everything of a job begins so. */
  public static String job(String id) {
    return "jobs/" + id + "/";
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

  public static String grid(String id) {
    return job(id) + "grid.png";
  }

  public static String manifest(String id) {
    return job(id) + "manifest.json";
  }

  public static String checkpoints(String id) {
    return job(id) + "checkpoints/";
  }

  /** Everything of a model, all versions, begins so. */
  public static String model(String name) {
    return "models/" + name + "/";
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

package dev.mezzotint.storage;

import dev.mezzotint.files.FileErrors;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Copies files between the local disk and the bucket: inputs of requests, results of jobs. Safe for
 * use by several threads.
 *
 * @param stores opens the store; each method closes the one it opens
 * @param bucket the bucket's name
 */
public record ObjectTransfer(Supplier<ObjectStore> stores, String bucket) {

  /**
   * Uploads files; existing objects are replaced.
   *
   * @param files by object key
   * @throws StorageException if the store cannot be reached
   */
  public void upload(Map<String, Path> files) {
    try (ObjectStore store = stores.get()) {
      files.forEach(
          (key, file) ->
              store.upload(key, file, key.endsWith(".png") ? ContentType.PNG : ContentType.BINARY));
    }
  }

  /** URI of the prefix under which a job's objects are. */
  public String location(String jobId) {
    return "s3://" + bucket + "/" + Keys.job(jobId);
  }

  /**
   * Downloads a job's images, tables and manifest; existing files of the same names are replaced.
   *
   * @param folder an existing folder
   * @return the files, in the order of their keys
   * @throws StorageException if the store cannot be reached
   */
  public List<Path> download(String jobId, Path folder) {
    List<Path> files = new ArrayList<>();
    try (ObjectStore store = stores.get()) {
      List<String> keys = store.list(Keys.job(jobId));
      for (String key : keys) {
        // The job record and checkpoints are internal to the workers.
        if (key.equals(Keys.jobRecord(jobId))
            || key.startsWith(Keys.checkpoints(jobId))
            || !Keys.isValidKey(key)) { // could lead out of the folder
          continue;
        }
        Path file = folder.resolve(fileName(jobId, key, keys));
        Optional<InputStream> content = store.open(key);
        if (content.isPresent()) { // may have been removed since the listing
          Files.createDirectories(file.getParent());
          try (InputStream bytes = content.get()) {
            Files.copy(bytes, file, StandardCopyOption.REPLACE_EXISTING);
          }
          files.add(file);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the files of %s cannot be copied to %s: %s"
              .formatted(jobId, folder, FileErrors.describe(e)),
          e);
    }
    return files;
  }

  /**
   * The path within the job; of an image without its folder {@code images}, unless the job has
   * another object of that name, such as {@code grid.png}.
   */
  private static String fileName(String jobId, String key, List<String> keys) {
    String images = Keys.images(jobId);
    String image = key.startsWith(images) ? key.substring(images.length()) : "";
    return image.isEmpty() || keys.contains(Keys.job(jobId) + image)
        ? key.substring(Keys.job(jobId).length())
        : image;
  }
}

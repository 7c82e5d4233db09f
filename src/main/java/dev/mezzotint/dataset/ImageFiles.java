package dev.mezzotint.dataset;

import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The picture files of a folder or zip as they are, sorted by name: PNG, JPEG and WebP, none that
 * begins with a dot. Safe for use by several threads; closed by whoever opened it.
 */
public final class ImageFiles implements AutoCloseable {
  private final FileSource source;
  private final List<String> names;

  private ImageFiles(FileSource source) {
    this.source = source;
    this.names = source.names().stream().filter(Listing::isImage).distinct().sorted().toList();
  }

  /**
   * @throws InvalidInputException if it is neither a folder nor a zip
   */
  public static ImageFiles open(Path path) throws IOException {
    return new ImageFiles(FileSource.open(path));
  }

  /** Paths within the folder or zip. */
  public List<String> names() {
    return names;
  }

  /**
   * @throws IOException also if the file is larger than 64 MiB
   */
  public byte[] bytes(String name) throws IOException {
    return source.bytes(name);
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}

package dev.mezzotint.dataset;

import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * The files of a folder or zip, by name. Names are only looked up, never resolved against the file
 * system, so a zip cannot reach outside itself.
 */
public abstract sealed class FileSource implements AutoCloseable {
  static final int FILES_MAX = 2_000_000;
  static final int FILE_BYTES_MAX = 64 << 20;
  private static final int DEPTH_MAX = 32;

  /** Enough for the most files allowed, at the usual 100 bytes each. */
  private static final int DIRECTORY_BYTES_MAX = 256 << 20;

  /** All files, '/' between the parts of a path, in no particular order. */
  public abstract List<String> names();

  /** PNG, JPEG and WebP files, sorted by name; without hidden ones. */
  public final List<String> imageNames() {
    return names().stream().filter(Listing::isImage).distinct().sorted().toList();
  }

  /**
   * @throws IOException also if the file is larger than {@link #FILE_BYTES_MAX}, regardless of the
   *     size in its directory entry
   */
  public byte[] bytes(String name) throws IOException {
    try (InputStream in = open(name)) {
      byte[] bytes = in.readNBytes(FILE_BYTES_MAX + 1);
      if (bytes.length > FILE_BYTES_MAX) {
        throw new IOException("is larger than " + (FILE_BYTES_MAX >> 20) + " MiB");
      }
      return bytes;
    }
  }

  /** A file of any length; closed by the caller. */
  abstract InputStream open(String name) throws IOException;

  @Override
  public abstract void close() throws IOException;

  /**
   * @throws InvalidInputException if it is neither a folder nor a zip
   */
  public static FileSource open(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      return new Folder(path.toRealPath());
    }
    if (!Files.isRegularFile(path)) {
      throw new InvalidInputException(path.toString(), path + " does not exist");
    }
    if (ZipDirectory.declaredBytes(path) > DIRECTORY_BYTES_MAX) {
      throw new InvalidInputException(
          path.toString(), path + " lists far more files than a data set may have");
    }
    try {
      return new Zip(new ZipFile(path.toFile()), path);
    } catch (ZipException e) {
      throw new InvalidInputException(
          path.toString(),
          path + " is neither a folder nor a readable zip file: " + e.getMessage(),
          e);
    }
  }

  private static void checkCount(int count, Path path) {
    if (count > FILES_MAX) {
      throw new InvalidInputException(
          path.toString(), path + " has more than " + FILES_MAX + " files");
    }
  }

  private static final class Folder extends FileSource {
    private final Path root;
    private final List<String> names = new ArrayList<>();

    Folder(Path root) throws IOException {
      this.root = root;
      try (Stream<Path> files = Files.walk(root, DEPTH_MAX)) {
        for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
          names.add(root.relativize(file).toString().replace('\\', '/'));
          checkCount(names.size(), root);
        }
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    }

    @Override
    public List<String> names() {
      return names;
    }

    @Override
    InputStream open(String name) throws IOException {
      return Files.newInputStream(root.resolve(name));
    }

    @Override
    public void close() {}
  }

  static sealed class Zip extends FileSource permits UntrustedZip {
    final ZipFile zip;
    private final List<String> names = new ArrayList<>();

    Zip(ZipFile zip, Path path) throws IOException {
      this.zip = zip;
      try {
        checkCount(zip.size(), path);
        for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements(); ) {
          ZipEntry entry = all.nextElement();
          if (!entry.isDirectory()) {
            names.add(entry.getName());
          }
        }
      } catch (RuntimeException e) {
        zip.close();
        throw e;
      }
    }

    @Override
    public List<String> names() {
      return names;
    }

    final ZipEntry entry(String name) throws IOException {
      ZipEntry entry = zip.getEntry(name);
      if (entry == null) {
        throw new IOException("is not in the zip");
      }
      return entry;
    }

    @Override
    InputStream open(String name) throws IOException {
      return zip.getInputStream(entry(name));
    }

    @Override
    public void close() throws IOException {
      zip.close();
    }
  }
}

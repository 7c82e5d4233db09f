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
 * Named files behind a data set. Names are only ever looked up, never resolved against the file
 * system, so a zip cannot reach outside itself.
 */
abstract sealed class FileSource implements AutoCloseable {
  static final int FILES_MAX = 2_000_000;
  static final int FILE_BYTES_MAX = 64 << 20;
  private static final int DEPTH_MAX = 32;

  /** 100 bytes a file are usual, so that this is enough for the most files allowed. */
  private static final int DIRECTORY_BYTES_MAX = 256 << 20;

  /** All files, '/' between the parts of a path, in no particular order. */
  abstract List<String> names();

  /**
   * @throws IOException also if the file is larger than {@link #FILE_BYTES_MAX}, whatever its
   *     directory entry says
   */
  final byte[] bytes(String name) throws IOException {
    try (InputStream in = open(name)) {
      return limited(in);
    }
  }

  /** Of any length; the caller closes it. */
  abstract InputStream open(String name) throws IOException;

  @Override
  public abstract void close() throws IOException;

  static FileSource open(Path path) throws IOException {
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

  static byte[] limited(InputStream in) throws IOException {
    byte[] bytes = in.readNBytes(FILE_BYTES_MAX + 1);
    if (bytes.length > FILE_BYTES_MAX) {
      throw new IOException("is larger than " + (FILE_BYTES_MAX >> 20) + " MiB");
    }
    return bytes;
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
    List<String> names() {
      return names;
    }

    @Override
    InputStream open(String name) throws IOException {
      return Files.newInputStream(root.resolve(name));
    }

    @Override
    public void close() {}
  }

  private static final class Zip extends FileSource {
    private final ZipFile zip;
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
    List<String> names() {
      return names;
    }

    @Override
    InputStream open(String name) throws IOException {
      ZipEntry entry = zip.getEntry(name);
      if (entry == null) {
        throw new IOException("is not in the zip");
      }
      return zip.getInputStream(entry);
    }

    @Override
    public void close() throws IOException {
      zip.close();
    }
  }
}

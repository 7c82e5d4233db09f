package dev.mezzotint.dataset;

import dev.mezzotint.files.FileErrors;
import dev.mezzotint.files.FolderFiles;
import dev.mezzotint.files.ZipArchive;
import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The files of a folder or zip, by name. */
public abstract sealed class FileSource implements AutoCloseable {
  static final int FILES_MAX = 2_000_000;
  static final int FILE_BYTES_MAX = 64 << 20;

  /** Enough for the most files allowed, at the usual 100 bytes each. */
  private static final int DIRECTORY_BYTES_MAX = 256 << 20;

  /** All files, '/' between the parts of a path, in no particular order. */
  public abstract List<String> names();

  /** PNG, JPEG and WebP files, sorted by name; without hidden ones. */
  public final List<String> imageNames() {
    return names().stream().filter(Listing::isImage).distinct().sorted().toList();
  }

  /**
   * A file as a whole.
   *
   * @throws IOException if it is damaged or larger than {@link #FILE_BYTES_MAX}, regardless of the
   *     size in its directory entry; a predicate for its name
   */
  public abstract byte[] bytes(String name) throws IOException;

  /** A file of any length; closed by the caller. */
  abstract InputStream open(String name) throws IOException;

  @Override
  public abstract void close() throws IOException;

  /**
   * Opens a folder or a zip.
   *
   * @throws InvalidInputException if it is neither of them, or cannot be read
   */
  public static FileSource open(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      return new Folder(path);
    }
    if (!Files.isRegularFile(path)) {
      throw new InvalidInputException(path.toString(), path + " does not exist");
    }
    try {
      return new Zip(ZipArchive.open(path, FILES_MAX, DIRECTORY_BYTES_MAX));
    } catch (IOException e) {
      throw new InvalidInputException(path.toString(), path + " " + FileErrors.reason(e), e);
    }
  }

  private static void checkSize(long bytes) throws IOException {
    if (bytes > FILE_BYTES_MAX) {
      throw new IOException("is larger than " + (FILE_BYTES_MAX >> 20) + " MiB");
    }
  }

  private static final class Folder extends FileSource {
    private final Path root;
    private final List<String> names;

    Folder(Path root) throws IOException {
      this.root = root;
      this.names = FolderFiles.names(root, FILES_MAX);
    }

    @Override
    public List<String> names() {
      return names;
    }

    @Override
    public byte[] bytes(String name) throws IOException {
      try (InputStream in = open(name)) {
        byte[] bytes = in.readNBytes(FILE_BYTES_MAX + 1);
        checkSize(bytes.length);
        return bytes;
      }
    }

    @Override
    InputStream open(String name) throws IOException {
      return FolderFiles.open(root, name);
    }

    @Override
    public void close() {}
  }

  static sealed class Zip extends FileSource permits UntrustedZip {
    final ZipArchive zip;

    Zip(ZipArchive zip) {
      this.zip = zip;
    }

    @Override
    public List<String> names() {
      return zip.names();
    }

    @Override
    public byte[] bytes(String name) throws IOException {
      checkSize(zip.entry(name).getSize());
      return zip.bytes(name, FILE_BYTES_MAX);
    }

    @Override
    InputStream open(String name) throws IOException {
      return zip.open(name);
    }

    @Override
    public void close() throws IOException {
      zip.close();
    }
  }
}

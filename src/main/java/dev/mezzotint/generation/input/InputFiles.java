package dev.mezzotint.generation.input;

import dev.mezzotint.dataset.FileSource;
import dev.mezzotint.dataset.UntrustedZip;
import dev.mezzotint.files.FileErrors;
import dev.mezzotint.generation.request.ConditionSource;
import dev.mezzotint.generation.request.ImageReference;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The files of one source of images, in a fixed order: objects of the bucket, a zip in the bucket,
 * or a local file, folder or zip. Files are read when they are asked for. Used by one thread, which
 * closes it.
 */
interface InputFiles extends AutoCloseable {
  /** Size of a zip in the bucket. */
  long ZIP_BYTES_MAX = 256L << 20;

  /** Size of one local file. */
  int LOCAL_BYTES_MAX = 16 << 20;

  /** Name of each file: a path with '/' as its separator. Not validated. */
  List<String> names();

  /**
   * @param position from 0, in the order of the names
   * @throws IOException if the file is missing, broken or too large; one sentence without its name
   * @throws dev.mezzotint.storage.StorageException if the store is unavailable
   */
  byte[] bytes(int position) throws IOException;

  /** Why a file is refused, without its name unless it is an object of the bucket. */
  default String reason(int position, Exception e) {
    return FileErrors.reason(e);
  }

  @Override
  default void close() {}

  /**
   * Opens a source that a request references.
   *
   * @param countMax files of a prefix or zip
   * @throws IOException if it cannot be read as a whole; one sentence
   */
  static InputFiles open(ConditionSource source, InputFetcher fetcher, int countMax)
      throws IOException {
    if (source instanceof ConditionSource.Shared shared) {
      return new References(fetcher, List.of(shared.image()));
    }
    if (source instanceof ConditionSource.Listed listed) {
      return new References(fetcher, listed.images());
    }
    if (source instanceof ConditionSource.Prefix prefix) {
      return underPrefix(prefix.prefix(), fetcher, countMax);
    }
    return zip(((ConditionSource.Zip) source).file(), fetcher, countMax);
  }

  /**
   * Opens a local image, or a folder or zip of images.
   *
   * @throws dev.mezzotint.json.InvalidInputException if the path is neither of them
   */
  static InputFiles local(Path path) throws IOException {
    if (isSingleFile(path)) {
      return new LocalFile(path);
    }
    FileSource source = FileSource.open(path);
    return new Archive(source, source.imageNames());
  }

  static boolean isSingleFile(Path path) {
    return Files.isRegularFile(path) && !path.toString().toLowerCase(Locale.ROOT).endsWith(".zip");
  }

  private static InputFiles underPrefix(String prefix, InputFetcher fetcher, int countMax)
      throws IOException {
    int folder = prefix.lastIndexOf('/') + 1;
    List<String> keys =
        fetcher.list(prefix).stream()
            .filter(key -> !UntrustedZip.isHidden(key.substring(folder)))
            .toList();
    if (keys.isEmpty()) {
      throw new IOException("there is no object in the bucket whose key begins with " + prefix);
    }
    if (keys.size() > countMax) {
      throw new IOException(
          "holds " + keys.size() + " files, at most " + countMax + " are allowed");
    }
    return new References(
        fetcher,
        keys.stream().map(InputFiles::reference).toList(),
        keys.stream().map(key -> key.substring(folder)).toList());
  }

  private static ImageReference reference(String key) {
    return new ImageReference.Stored(key, OptionalLong.empty(), Optional.empty());
  }

  private static UntrustedZip opened(Path file, int countMax, String key) throws IOException {
    try {
      return UntrustedZip.open(file, countMax);
    } catch (IOException e) {
      throw new IOException("object " + key + " " + FileErrors.reason(e), e);
    }
  }

  /** Downloads a zip into a temporary file, because its directory is at its end. */
  private static InputFiles zip(ImageReference.Stored stored, InputFetcher fetcher, int countMax)
      throws IOException {
    Path file = InputFetcher.temporary();
    try {
      fetcher.download(stored, file, ZIP_BYTES_MAX);
      UntrustedZip zip = opened(file, countMax, stored.key());
      return new Archive(zip, zip.names());
    } finally {
      Files.deleteIfExists(file); // stays readable while open; a killed process leaves no file
    }
  }

  /** Files of a folder or zip. */
  record Archive(FileSource source, List<String> names) implements InputFiles {
    @Override
    public byte[] bytes(int position) throws IOException {
      return source.bytes(names.get(position));
    }

    @Override
    public void close() {
      try {
        source.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  record LocalFile(Path path) implements InputFiles {
    @Override
    public List<String> names() {
      return List.of(String.valueOf(path.getFileName()));
    }

    @Override
    public byte[] bytes(int position) throws IOException {
      try (InputStream in = Files.newInputStream(path)) {
        byte[] bytes = in.readNBytes(LOCAL_BYTES_MAX + 1);
        if (bytes.length > LOCAL_BYTES_MAX) {
          throw new IOException("is larger than " + (LOCAL_BYTES_MAX >> 20) + " MiB");
        }
        return bytes;
      }
    }
  }

  /** Objects of the bucket, and images in the request itself. */
  record References(InputFetcher fetcher, List<ImageReference> references, List<String> names)
      implements InputFiles {

    /** Named by their keys without the folder that all have in common; numbered without a key. */
    References(InputFetcher fetcher, List<ImageReference> references) {
      this(fetcher, references, names(references));
    }

    private static List<String> names(List<ImageReference> references) {
      List<String> names = new ArrayList<>();
      for (int i = 0; i < references.size(); i++) {
        names.add(
            references.get(i) instanceof ImageReference.Stored stored
                ? stored.key()
                : String.format(Locale.ROOT, "%05d", i));
      }
      String folder = names.get(0).substring(0, names.get(0).lastIndexOf('/') + 1);
      for (String name : names) {
        while (!name.startsWith(folder)) {
          folder = folder.substring(0, folder.lastIndexOf('/', folder.length() - 2) + 1);
        }
      }
      int common = folder.length();
      return names.stream().map(name -> name.substring(common)).toList();
    }

    @Override
    public byte[] bytes(int position) throws IOException {
      return fetcher.bytes(references.get(position));
    }

    @Override
    public String reason(int position, Exception e) {
      return InputFetcher.reason(references.get(position), e);
    }
  }
}

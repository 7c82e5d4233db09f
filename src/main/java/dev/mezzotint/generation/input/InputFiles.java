package dev.mezzotint.generation.input;

import dev.mezzotint.generation.request.ConditionSource;
import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.generation.request.ImageReference;
import dev.mezzotint.storage.ObjectStore;
import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;

/**
 * The files that one source of pictures stands for, in their order; none is read before it is asked
 * for. For one attempt and one thread, which closes it.
 */
interface InputFiles extends AutoCloseable {

  /** What each is called: a path with '/' between its parts, from strangers and unchecked. */
  List<String> names();

  /**
   * @param position from 0, in the order of the names
   * @throws IOException if there is no such file, or it is broken, or too large; one sentence
   *     without its name
   * @throws dev.mezzotint.storage.StorageException if the store is away
   */
  byte[] bytes(int position) throws IOException;

  @Override
  void close();

  /**
   * @throws IOException if it cannot be read as a whole; one sentence
   */
  static InputFiles open(ConditionSource source, ObjectStore store, GenerationLimits limits)
      throws IOException {
    InputFetcher files = new InputFetcher(store, limits.objectBytesMax());
    if (source instanceof ConditionSource.Shared shared) {
      return new References(files, List.of(shared.image()));
    }
    if (source instanceof ConditionSource.Listed listed) {
      return new References(files, listed.images());
    }
    if (source instanceof ConditionSource.Prefix prefix) {
      return underPrefix(prefix.prefix(), store, files, limits.imagesMax());
    }
    return ZippedFiles.open(((ConditionSource.Zip) source).file(), files, limits.imagesMax());
  }

  /** Whether a name is that of something that archives and folders hold beside pictures. */
  static boolean hidden(String name) {
    String last = name.substring(name.lastIndexOf('/') + 1);
    return last.isEmpty() || last.startsWith(".") || name.startsWith("__MACOSX/");
  }

  private static InputFiles underPrefix(
      String prefix, ObjectStore store, InputFetcher files, int countMax) throws IOException {
    List<ImageReference> found =
        store.list(prefix).stream()
            .filter(key -> !hidden(key.substring(prefix.lastIndexOf('/') + 1)))
            .map(InputFiles::reference)
            .toList();
    if (found.isEmpty()) {
      throw new IOException("there is no object in the bucket whose key begins with " + prefix);
    }
    checkCount(found.size(), countMax);
    int folder = prefix.lastIndexOf('/') + 1;
    List<String> names = found.stream().map(ref -> name(ref).substring(folder)).toList();
    return new References(files, found, names, /* listed= */ false);
  }

  static void checkCount(int count, int countMax) throws IOException {
    if (count > countMax) {
      throw new IOException("holds " + count + " files, at most " + countMax + " are allowed");
    }
  }

  private static ImageReference reference(String key) {
    return new ImageReference.Stored(key, OptionalLong.empty(), java.util.Optional.empty());
  }

  private static String name(ImageReference reference) {
    return ((ImageReference.Stored) reference).key();
  }

  /**
   * Objects of the bucket, and pictures that came with the request.
   *
   * @param listed one by one in the request, which has put them in their order
   */
  record References(
      InputFetcher files, List<ImageReference> references, List<String> names, boolean listed)
      implements InputFiles {

    /** Named by their keys behind the last folder that all are in; numbered without a key. */
    References(InputFetcher files, List<ImageReference> references) {
      this(files, references, names(references), /* listed= */ true);
    }

    private static List<String> names(List<ImageReference> references) {
      List<String> names = new java.util.ArrayList<>();
      for (int i = 0; i < references.size(); i++) {
        names.add(
            references.get(i) instanceof ImageReference.Stored stored
                ? stored.key()
                : String.format(java.util.Locale.ROOT, "%05d", i));
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
      return files.bytes(references.get(position));
    }

    @Override
    public void close() {}
  }
}

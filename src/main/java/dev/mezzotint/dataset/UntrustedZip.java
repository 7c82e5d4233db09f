package dev.mezzotint.dataset;

import dev.mezzotint.files.ZipArchive;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;

/**
 * A zip from an untrusted client. No size or count that the archive declares is trusted: the length
 * of its directory is checked before the directory is read, and an entry is refused if it does not
 * unpack to the declared size and checksum, or if it declares to unpack to far more than images do.
 * Entries are unpacked into memory, one at a time, and never written anywhere.
 */
public final class UntrustedZip extends FileSource.Zip {
  private static final int ENTRY_BYTES_MAX = 16 << 20;
  private static final long UNPACKED_BYTES_MAX = 4L << 30;

  /** Image files are compressed already: an honest entry hardly shrinks. */
  private static final int RATIO_MAX = 100;

  /** Entries up to this size may have any ratio: the file of a flat image is mostly zeros. */
  private static final int RATIO_FREE_BYTES = 1 << 20;

  private static final int DIRECTORY_BYTES_MAX = 8 << 20;

  private UntrustedZip(ZipArchive zip) {
    super(zip);
  }

  /**
   * Opens a zip. The file may be deleted while it is open.
   *
   * @param filesMax entries, without folders and hidden files
   * @throws IOException if it is not a zip, or larger than allowed; a predicate for its name
   */
  public static UntrustedZip open(Path file, int filesMax) throws IOException {
    UntrustedZip opened = new UntrustedZip(ZipArchive.open(file, FILES_MAX, DIRECTORY_BYTES_MAX));
    try {
      opened.check(filesMax);
      return opened;
    } catch (IOException | RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  private void check(int filesMax) throws IOException {
    List<String> names = names();
    if (names.isEmpty()) {
      throw new IOException("holds no files");
    }
    if (names.size() > filesMax) {
      throw new IOException(
          "holds " + names.size() + " files, at most " + filesMax + " are allowed");
    }
    long unpacked = 0;
    for (String name : names) {
      unpacked += Math.max(0, zip.entry(name).getSize());
    }
    if (unpacked > UNPACKED_BYTES_MAX) {
      throw tooLarge(unpacked, UNPACKED_BYTES_MAX);
    }
  }

  /** All files but hidden ones, sorted. */
  @Override
  public List<String> names() {
    return super.names().stream().filter(name -> !isHidden(name)).sorted().toList();
  }

  /** Whether a name is one that archives and folders contain in addition to images. */
  public static boolean isHidden(String name) {
    String last = name.substring(name.lastIndexOf('/') + 1);
    return last.isEmpty() || last.startsWith(".") || name.startsWith("__MACOSX/");
  }

  /**
   * @throws IOException if the entry is broken, or larger than allowed; one sentence without its
   *     name
   */
  @Override
  public byte[] bytes(String name) throws IOException {
    ZipEntry entry = zip.entry(name);
    long declared = entry.getSize();
    if (declared > ENTRY_BYTES_MAX) {
      throw tooLarge(declared, ENTRY_BYTES_MAX);
    }
    if (declared > RATIO_FREE_BYTES && declared / RATIO_MAX > entry.getCompressedSize()) {
      throw new IOException(
          "unpacks from %s to %s bytes, more than %s times as much"
              .formatted(entry.getCompressedSize(), declared, RATIO_MAX));
    }
    return zip.bytes(name, ENTRY_BYTES_MAX);
  }

  private static IOException tooLarge(long bytes, long max) {
    return new IOException("unpacks to " + bytes + " bytes, at most " + max + " are allowed");
  }
}

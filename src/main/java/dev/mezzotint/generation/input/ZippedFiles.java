package dev.mezzotint.generation.input;

import dev.mezzotint.dataset.ZipDirectory;
import dev.mezzotint.generation.request.ImageReference;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * Files in a zip that a stranger has sent. It lies in a temporary file while it is open, since the
 * list of what it holds stands at its end; its entries are unpacked one at a time and only ever
 * looked up by name, never written anywhere.
 *
 * <p>What an archive says of itself is believed in nothing that could hurt: the list's length is
 * looked at before it is read, an entry that does not unpack to the size and checksum it claims is
 * broken, and so is one that claims to unpack to far more than pictures do.
 */
final class ZippedFiles implements InputFiles {
  static final long FILE_BYTES_MAX = 256L << 20;
  static final int ENTRY_BYTES_MAX = 16 << 20;
  static final long UNPACKED_BYTES_MAX = 4L << 30;

  /** Pictures are packed already: an honest entry hardly shrinks. */
  static final int RATIO_MAX = 100;

  /** Small entries may shrink as they like: a flat picture's file is mostly zeros. */
  static final int RATIO_FREE_BYTES = 1 << 20;

  private static final int DIRECTORY_BYTES_MAX = 8 << 20;

  private final ZipFile zip;
  private final List<ZipEntry> entries;

  private ZippedFiles(ZipFile zip, List<ZipEntry> entries) {
    this.zip = zip;
    this.entries = entries;
  }

  /**
   * @throws IOException if it is no zip, or larger than allowed; one sentence
   */
  static ZippedFiles open(ImageReference.Stored stored, InputFetcher files, int countMax)
      throws IOException {
    Path file = InputFetcher.temporary();
    try {
      files.download(stored, file, FILE_BYTES_MAX);
      if (ZipDirectory.declaredBytes(file) > DIRECTORY_BYTES_MAX) {
        throw new IOException("lists far more than pictures for one job");
      }
      ZipFile zip = new ZipFile(file.toFile());
      try {
        List<ZipEntry> entries = entries(zip, countMax);
        Files.delete(file); // open it stays readable, and a killed process leaves nothing behind
        return new ZippedFiles(zip, entries);
      } catch (IOException | RuntimeException e) {
        zip.close();
        throw e;
      }
    } catch (ZipException e) {
      Files.deleteIfExists(file);
      throw new IOException("object " + stored.key() + " is no zip: " + e.getMessage(), e);
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(file);
      throw e;
    }
  }

  private static List<ZipEntry> entries(ZipFile zip, int countMax) throws IOException {
    List<ZipEntry> entries =
        zip.stream()
            .map(ZipEntry.class::cast)
            .filter(entry -> !entry.isDirectory() && !InputFiles.hidden(entry.getName()))
            .sorted(Comparator.comparing(ZipEntry::getName))
            .toList();
    if (entries.isEmpty()) {
      throw new IOException("holds no files");
    }
    InputFiles.checkCount(entries.size(), countMax);
    long unpacked = 0;
    for (ZipEntry entry : entries) {
      unpacked += Math.max(0, entry.getSize());
    }
    if (unpacked > UNPACKED_BYTES_MAX) {
      throw new IOException(
          "unpacks to " + unpacked + " bytes, at most " + UNPACKED_BYTES_MAX + " are allowed");
    }
    return entries;
  }

  @Override
  public List<String> names() {
    return entries.stream().map(ZipEntry::getName).toList();
  }

  @Override
  public byte[] bytes(int position) throws IOException {
    ZipEntry entry = entries.get(position);
    long claimed = entry.getSize();
    if (claimed > ENTRY_BYTES_MAX) {
      throw new IOException(
          "unpacks to " + claimed + " bytes, at most " + ENTRY_BYTES_MAX + " are allowed");
    }
    if (claimed > RATIO_FREE_BYTES && claimed / RATIO_MAX > entry.getCompressedSize()) {
      throw new IOException(
          "unpacks from %d to %d bytes, more than %d times as much"
              .formatted(entry.getCompressedSize(), claimed, RATIO_MAX));
    }
    byte[] bytes;
    try (InputStream in = zip.getInputStream(entry)) {
      bytes = in.readNBytes((int) claimed + 1);
    } catch (IOException | RuntimeException e) {
      throw new IOException("cannot be unpacked: " + e.getMessage(), e);
    }
    CRC32 found = new CRC32();
    found.update(bytes);
    if (bytes.length != claimed || found.getValue() != entry.getCrc()) {
      throw new IOException("does not unpack to the size and checksum that the zip says");
    }
    return bytes;
  }

  @Override
  public void close() {
    try {
      zip.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

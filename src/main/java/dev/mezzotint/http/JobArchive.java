package dev.mezzotint.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StorageException;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The files of a job that has ended as one zip, written while it is sent: one file at a time is in
 * memory. Images are compressed already, so entries are stored as they are; the length of the zip
 * is therefore known before anything is read. For one call.
 */
final class JobArchive implements StreamingOutput {
  /** Entries and bytes that a zip without extensions can hold. */
  private static final int ENTRIES_MAX = 65_535;

  private static final long BYTES_MAX = 0xFFFF_FFFFL;

  /** Bytes of the headers of an entry without its name, which is in the zip twice. */
  private static final int HEADER_BYTES = 30 + 46;

  private static final int END_BYTES = 22;

  record Entry(String key, long bytes) {}

  private final ObjectStore store;
  private final String prefix;
  private final LocalDateTime time;
  private final List<Entry> entries;
  private final long length;

  /**
   * @param id of the job, which all entries belong to
   * @param ended time of all entries
   * @throws RefusedException with status 413 if they are too many or too large
   */
  JobArchive(String id, Instant ended, List<Entry> entries, long fileBytesMax, ObjectStore store) {
    this.store = store;
    this.prefix = Keys.job(id);
    this.time = LocalDateTime.ofInstant(ended, ZoneOffset.UTC);
    this.entries = List.copyOf(entries);
    long sum = END_BYTES;
    for (Entry entry : entries) {
      if (entry.bytes() > fileBytesMax) {
        throw tooLarge(id, name(entry) + " has " + entry.bytes() + " bytes", fileBytesMax);
      }
      sum += HEADER_BYTES + 2L * name(entry).getBytes(UTF_8).length + entry.bytes();
    }
    if (sum > BYTES_MAX) {
      throw tooLarge(id, "the archive would have " + sum + " bytes", BYTES_MAX);
    }
    if (entries.size() > ENTRIES_MAX) {
      throw tooLarge(id, "the job has " + entries.size() + " files", ENTRIES_MAX);
    }
    this.length = sum;
  }

  private static RefusedException tooLarge(String id, String what, long max) {
    return RefusedException.of(
        413,
        "archive",
        what
            + ", more than the "
            + max
            + " allowed: use the links in /api/jobs/"
            + id
            + "/results");
  }

  long length() {
    return length;
  }

  private String name(Entry entry) {
    return entry.key().substring(prefix.length());
  }

  @Override
  public void write(OutputStream out) throws IOException {
    ZipOutputStream zip = new ZipOutputStream(out, UTF_8);
    zip.setMethod(ZipOutputStream.STORED);
    for (Entry entry : entries) {
      byte[] bytes = read(entry);
      CRC32 sum = new CRC32();
      sum.update(bytes);
      ZipEntry header = new ZipEntry(name(entry));
      header.setTimeLocal(time);
      header.setSize(bytes.length);
      header.setCrc(sum.getValue());
      zip.putNextEntry(header);
      zip.write(bytes);
      zip.closeEntry();
    }
    zip.finish();
  }

  private byte[] read(Entry entry) throws IOException {
    try (InputStream in =
        store
            .open(entry.key())
            .orElseThrow(() -> new StorageException(entry.key() + " has vanished"))) {
      byte[] bytes = in.readNBytes((int) entry.bytes() + 1);
      if (bytes.length != entry.bytes()) {
        throw new IOException(entry.key() + " does not have the size that the manifest says");
      }
      return bytes;
    }
  }
}

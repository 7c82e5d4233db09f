package dev.mezzotint.files;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * A zip file of a user. Names are UTF-8 or, as the format says for names that are not marked as
 * UTF-8, code page 437; a name whose only separators are '\' has '/' instead. Names are only looked
 * up, never resolved against the file system, so a zip cannot reach outside itself.
 *
 * <p>The central directory alone determines names, sizes and checksums, as in most programs.
 * Messages of exceptions are predicates for the file's or the entry's name.
 */
public final class ZipArchive implements AutoCloseable {
  private static final Charset CP437 = Charset.forName("IBM437");
  private static final String BAD_NAME = "bad entry name";
  private static final Pattern METHOD = Pattern.compile("bad compression method: (\\d+)");

  private static final Map<String, String> METHODS =
      Map.of(
          "1", "shrink",
          "6", "implode",
          "9", "deflate64",
          "12", "bzip2",
          "14", "LZMA",
          "93", "zstd",
          "95", "XZ",
          "98", "PPMd");

  /** How other formats begin, in ISO 8859-1. */
  private static final Map<String, String> OTHERS =
      Map.of(
          "7z\u00BC\u00AF", "a 7-Zip archive",
          "Rar!", "a RAR archive",
          "\u001F\u008B", "a gzip file",
          "BZh", "a bzip2 file",
          "\u00FD7zXZ", "an XZ file",
          "(\u00B5/\u00FD", "a zstd file");

  private final ZipFile zip;
  private final List<String> names;

  /** The name in the zip of each name that was converted. */
  private final Map<String, String> stored = new HashMap<>();

  private ZipArchive(ZipFile zip, boolean legacyNames) {
    this.zip = zip;
    this.names = new ArrayList<>(zip.size());
    for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements(); ) {
      String original = all.nextElement().getName();
      String name = legacyNames ? utf8IfPossible(original) : original;
      name = name.indexOf('/') < 0 ? name.replace('\\', '/') : name;
      if (!name.endsWith("/")) {
        names.add(name);
        if (!name.equals(original)) {
          stored.putIfAbsent(name, original);
        }
      }
    }
  }

  /**
   * Opens a zip. The file may be deleted while it is open.
   *
   * @param entriesMax including folders
   * @param directoryBytesMax of the zip's directory, which is read into memory
   * @throws ZipException if it is not a zip, or is packed in a way that is not read
   * @throws IOException if it cannot be read, or is larger than allowed
   */
  public static ZipArchive open(Path path, int entriesMax, long directoryBytesMax)
      throws IOException {
    boolean legacyNames = false;
    ZipFile zip;
    try {
      zip = openZip(path, directoryBytesMax, StandardCharsets.UTF_8);
    } catch (ZipException e) {
      if (!FileErrors.reason(e).contains(BAD_NAME)) {
        throw inWords(e, path);
      }
      legacyNames = true;
      try {
        zip = openZip(path, directoryBytesMax, CP437);
      } catch (ZipException again) {
        throw inWords(again, path);
      }
    }
    try {
      if (zip.size() > entriesMax) {
        throw new IOException(
            "has " + zip.size() + " entries, at most " + entriesMax + " are allowed");
      }
      return new ZipArchive(zip, legacyNames);
    } catch (IOException e) {
      zip.close();
      throw e;
    } catch (IllegalArgumentException e) {
      zip.close();
      throw inWords(badName(e), path);
    }
  }

  private static ZipException badName(IllegalArgumentException e) {
    ZipException refusal = new ZipException(BAD_NAME);
    refusal.initCause(e);
    return refusal;
  }

  private static ZipFile openZip(Path path, long directoryBytesMax, Charset names)
      throws IOException {
    try {
      if (ZipDirectory.declaredBytes(path) > directoryBytesMax) {
        throw new IOException("lists far more files than are allowed");
      }
      return new ZipFile(path.toFile(), names);
    } catch (EOFException e) {
      ZipException refusal = new ZipException("it ends too early");
      refusal.initCause(e);
      throw refusal;
    } catch (FileSystemException e) {
      throw new IOException("cannot be read: " + FileErrors.reason(e), e);
    } catch (IllegalArgumentException e) { // some Java versions, for malformed names
      throw badName(e);
    }
  }

  private static ZipException inWords(ZipException e, Path path) throws IOException {
    ZipException inWords = new ZipException(words(FileErrors.reason(e), path));
    inWords.initCause(e);
    return inWords;
  }

  private static String words(String reason, Path path) throws IOException {
    Matcher method = METHOD.matcher(reason);
    if (method.find()) {
      return "is packed by %s, which is not read here: pack it again with deflate"
          .formatted(METHODS.getOrDefault(method.group(1), "method " + method.group(1)));
    }
    if (reason.contains("encrypted")) {
      return "is encrypted, which is not read here: pack it again without a password";
    }
    if (reason.contains(BAD_NAME)) {
      return "has a file name that is marked as UTF-8 but is not: pack it again";
    }
    byte[] start;
    try (InputStream in = Files.newInputStream(path)) {
      start = in.readNBytes(PlaceholderFile.START_BYTES);
    }
    return PlaceholderFile.reason(start)
        .orElseGet(
            () -> {
              String text = new String(start, StandardCharsets.ISO_8859_1);
              return OTHERS.entrySet().stream()
                  .filter(other -> text.startsWith(other.getKey()))
                  .findFirst()
                  .map(other -> "is " + other.getValue() + ", not a zip file: pack it as a zip")
                  .orElse(
                      text.startsWith("PK")
                          ? "is a damaged or incomplete zip file: " + reason
                          : "is not a zip file");
            });
  }

  /** A name without the mark for UTF-8 that is valid UTF-8 nevertheless, as many programs write. */
  private static String utf8IfPossible(String cp437) {
    ByteBuffer bytes = CP437.encode(cp437);
    try {
      return CP437.decode(bytes.duplicate()).toString().equals(cp437)
          ? StandardCharsets.UTF_8.newDecoder().decode(bytes).toString()
          : cp437;
    } catch (CharacterCodingException e) {
      return cp437;
    }
  }

  /** Names of all files, without folders, in the order of the zip; a name may occur twice. */
  public List<String> names() {
    return Collections.unmodifiableList(names);
  }

  /**
   * The entry of this name.
   *
   * @throws IOException if there is none
   */
  public ZipEntry entry(String name) throws IOException {
    ZipEntry entry = zip.getEntry(stored.getOrDefault(name, name));
    if (entry == null) {
      throw new IOException("is not in the zip");
    }
    return entry;
  }

  /** Opens an entry, whose size and checksum are not checked; closed by the caller. */
  public InputStream open(String name) throws IOException {
    return zip.getInputStream(entry(name));
  }

  /**
   * Unpacks an entry into memory.
   *
   * @throws IOException if it is larger than allowed, whatever the zip declares, or damaged
   */
  public byte[] bytes(String name, int bytesMax) throws IOException {
    ZipEntry entry = entry(name);
    if (entry.getSize() > bytesMax) {
      throw new IOException(
          "unpacks to " + entry.getSize() + " bytes, at most " + bytesMax + " are allowed");
    }
    byte[] bytes;
    try (InputStream in = zip.getInputStream(entry)) {
      bytes = in.readNBytes((int) entry.getSize() + 1); // it may unpack to more than it declares
    } catch (IOException | RuntimeException e) {
      throw new IOException("cannot be unpacked: " + FileErrors.reason(e), e);
    }
    CRC32 found = new CRC32();
    found.update(bytes);
    if (bytes.length != entry.getSize() || found.getValue() != entry.getCrc()) {
      throw new IOException("does not unpack to the size and checksum that the zip declares");
    }
    return bytes;
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }
}

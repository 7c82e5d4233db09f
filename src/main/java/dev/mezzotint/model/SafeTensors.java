package dev.mezzotint.model;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.files.FileErrors;
import dev.mezzotint.files.PlaceholderFile;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Reads and writes safetensors files: 8 bytes length of the header (little-endian), the header as
 * JSON ({@code {"name": {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {…}}}),
 * then the data without gaps.
 *
 * <p>Invalid files are refused with an {@link InvalidInputException} whose field is the tensor's
 * name, or the file's name if no tensor is at fault. Stateless.
 */
public final class SafeTensors {
  /** The whole header is read into memory: enough for about 80,000 tensors. */
  static final int HEADER_BYTES_MAX = 8 << 20;

  private static final int TENSORS_MAX = 100_000;
  private static final int AXES_MAX = 16;
  private static final String METADATA = "__metadata__";

  private SafeTensors() {}

  /**
   * Tensors by name, in the order of the file's header. The data is memory-mapped, so a large file
   * takes address space, not heap; see {@link Tensor} for what that requires of the file.
   */
  public static Map<String, Tensor> read(Path file) {
    try (FileChannel channel = open(file)) {
      Header header = header(channel, file);
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      // One mapping where an int can address it: the system limits the number of mappings.
      boolean whole = header.dataSize() <= Integer.MAX_VALUE;
      ByteBuffer data =
          whole
              ? channel.map(FileChannel.MapMode.READ_ONLY, header.dataStart(), header.dataSize())
              : ByteBuffer.allocate(0);
      for (Entry entry : header.entries()) {
        ByteBuffer bytes =
            whole
                ? data.slice((int) entry.begin(), (int) entry.size())
                : channel.map(
                    FileChannel.MapMode.READ_ONLY,
                    header.dataStart() + entry.begin(),
                    entry.size());
        tensors.put(entry.name(), new Tensor(entry.dtype(), entry.shape(), bytes));
      }
      return tensors;
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** The file's metadata, such as {@code format}; empty if it has none. */
  public static Map<String, String> metadata(Path file) {
    try (FileChannel channel = open(file)) {
      return header(channel, file).metadata();
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static FileChannel open(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new InvalidInputException(name(file), "there is no weights file " + file);
    }
    return FileChannel.open(file, StandardOpenOption.READ);
  }

  private static InvalidInputException unreadable(Path file, IOException e) {
    return new InvalidInputException(
        name(file), "the weights file " + file + " cannot be read: " + FileErrors.reason(e), e);
  }

  private static String name(Path file) {
    Path name = file.getFileName();
    return name == null ? file.toString() : name.toString();
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Entry(String name, DType dtype, long[] shape, long begin, long end) {
    long size() {
      return end - begin;
    }
  }

  private record Header(
      List<Entry> entries, Map<String, String> metadata, long dataStart, long dataSize) {}

  private static Header header(FileChannel channel, Path file) throws IOException {
    String name = name(file);
    long fileSize = channel.size();
    ByteBuffer start = ByteBuffer.allocate((int) Math.min(fileSize, PlaceholderFile.START_BYTES));
    readFully(channel, start, 0, name);
    PlaceholderFile.reason(start.array())
        .ifPresent(
            reason -> {
              throw InvalidInputException.of(name, "%s", reason);
            });
    refuseIf(fileSize < 8, name, "is cut off: %s bytes are not a safetensors file", fileSize);
    long headerSize = start.order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    if (headerSize < 2 || headerSize > HEADER_BYTES_MAX) {
      if (start.get(0) == 'P' && start.get(1) == 'K') {
        throw InvalidInputException.of(
            name, "is a zip as torch.save writes, not a safetensors file: give it the ending .bin");
      }
      throw InvalidInputException.of(
          name,
          "is not a safetensors file: its header would have %s bytes, allowed are" + " 2 to %s",
          Long.toUnsignedString(headerSize),
          HEADER_BYTES_MAX);
    }
    if (headerSize > fileSize - 8) {
      throw InvalidInputException.of(
          name, "is cut off: its header needs %s bytes of %s", headerSize, fileSize - 8);
    }
    ByteBuffer text = ByteBuffer.allocate((int) headerSize);
    readFully(channel, text, 8, name);
    JsonObject json;
    try {
      json = JsonObject.parse(utf8(text.array()));
    } catch (InvalidInputException e) {
      throw new InvalidInputException(name, "the header of " + name + " " + e.getMessage(), e);
    }
    long dataSize = fileSize - 8 - headerSize;
    List<Entry> entries = entries(json, name, dataSize);
    checkContiguous(entries, name, dataSize);
    return new Header(entries, texts(json, name), 8 + headerSize, dataSize);
  }

  /** Strictly: the JSON reader would accept other encodings. */
  private static String utf8(byte[] text) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString();
    } catch (CharacterCodingException e) {
      throw new InvalidInputException("", "is not UTF-8", e);
    }
  }

  private static void readFully(FileChannel channel, ByteBuffer into, long from, String name)
      throws IOException {
    long at = from;
    while (into.hasRemaining()) {
      int read = channel.read(into, at);
      refuseIf(read < 0, name, "is cut off: it shrank while being read");
      at += read;
    }
  }

  private static Map<String, String> texts(JsonObject json, String file) {
    Map<String, String> texts = new LinkedHashMap<>();
    try {
      json.object(METADATA)
          .ifPresent(
              object -> {
                for (String key : object.names()) {
                  texts.put(key, object.requiredString(key));
                }
              });
    } catch (InvalidInputException e) {
      throw new InvalidInputException(file, "the header of " + file + ": " + e.getMessage(), e);
    }
    return texts;
  }

  private static List<Entry> entries(JsonObject json, String file, long dataSize) {
    List<String> names = json.names();
    if (names.size() > TENSORS_MAX) {
      throw InvalidInputException.of(
          file, "may hold at most %s tensors, not %s", TENSORS_MAX, names.size());
    }
    List<Entry> entries = new ArrayList<>();
    for (String name : names) {
      if (name.equals(METADATA)) {
        continue;
      }
      try {
        JsonObject tensor = json.object(name).orElseThrow(() -> json.refuse(name, "is null"));
        entries.add(entry(name, tensor, dataSize));
        tensor.refuseUnknown();
      } catch (InvalidInputException | IllegalArgumentException e) {
        throw new InvalidInputException(
            name, "tensor " + JsonObject.quote(name) + " of " + file + ": " + e.getMessage(), e);
      }
    }
    return entries;
  }

  private static Entry entry(String name, JsonObject tensor, long dataSize) {
    String word = tensor.requiredString("dtype");
    DType dtype =
        DType.ofName(word)
            .orElseThrow(
                () ->
                    tensor.refuse(
                        "dtype",
                        "must be one of %s, not %s"
                            .formatted(List.of(DType.values()), JsonObject.quote(word))));
    long[] shape = longs(tensor, "shape", AXES_MAX);
    long[] offsets = longs(tensor, "data_offsets", 2);
    if (offsets.length != 2 || offsets[0] > offsets[1]) {
      throw tensor.refuse("data_offsets", "must be a begin and an end after it");
    }
    if (offsets[1] > dataSize) {
      throw new IllegalArgumentException(
          "the file is cut off: its data ends at byte %s but the file holds %s"
              .formatted(offsets[1], dataSize));
    }
    long expected = Tensor.byteSize(dtype, shape);
    long size = offsets[1] - offsets[0];
    if (size != expected) {
      throw new IllegalArgumentException(
          Tensor.describe(dtype, shape) + " takes " + expected + " bytes, not " + size);
    }
    if (size > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "may be at most " + Integer.MAX_VALUE + " bytes, not " + size);
    }
    return new Entry(name, dtype, shape, offsets[0], offsets[1]);
  }

  private static long[] longs(JsonObject tensor, String key, int sizeMax) {
    return tensor
        .integers(key, sizeMax, 0, Long.MAX_VALUE)
        .orElseThrow(() -> tensor.refuse(key, "is missing: a list of integers is required"))
        .stream()
        .mapToLong(Long::longValue)
        .toArray();
  }

  /** The format forbids overlaps, which would alias tensors, and gaps, which could hide data. */
  private static void checkContiguous(List<Entry> entries, String file, long dataSize) {
    List<Entry> sorted = new ArrayList<>(entries);
    sorted.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long end = 0;
    for (Entry entry : sorted) {
      if (entry.begin() != end) {
        throw new InvalidInputException(
            entry.name(),
            "tensor %s of %s begins at byte %s: %s the tensor before, which ends at byte %s"
                .formatted(
                    JsonObject.quote(entry.name()),
                    file,
                    entry.begin(),
                    entry.begin() < end ? "it overlaps" : "it leaves a gap after",
                    end));
      }
      end = entry.end();
    }
    refuseIf(end != dataSize, file, "has %s bytes after its last tensor", dataSize - end);
  }

  /**
   * Writes a file atomically: a reader sees the old file or the whole new one. An empty {@code
   * metadata} becomes {@code format: pt}, without which Python's loaders refuse the file.
   */
  public static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) {
    write(file, parts(tensors), metadata);
  }

  /**
   * As {@link #write}, for more float32 tensors than memory should hold at once: each is requested
   * once, when it is written.
   *
   * @param tensor returns a tensor by name, of the shape given in {@code shapes}
   */
  public static void writeEach(
      Path file,
      Map<String, long[]> shapes,
      Function<String, Tensor> tensor,
      Map<String, String> metadata) {
    List<Part> parts = new ArrayList<>();
    shapes.forEach(
        (name, shape) -> parts.add(new Part(name, DType.F32, shape, () -> tensor.apply(name))));
    write(file, parts, metadata);
  }

  /** A tensor to be written. */
  @SuppressWarnings("ArrayRecordComponent") // read only
  private record Part(String name, DType dtype, long[] shape, Supplier<Tensor> tensor) {
    long size() {
      return Tensor.byteSize(dtype, shape);
    }

    ByteBuffer bytes() {
      Tensor made = tensor.get();
      if (made.dtype() != dtype || !Arrays.equals(made.shape(), shape)) {
        throw new IllegalArgumentException(
            name + " is " + made + " instead of " + Tensor.describe(dtype, shape));
      }
      return made.bytes();
    }
  }

  private static List<Part> parts(Map<String, Tensor> tensors) {
    List<Part> parts = new ArrayList<>();
    tensors.forEach(
        (name, tensor) -> parts.add(new Part(name, tensor.dtype(), tensor.shape(), () -> tensor)));
    return parts;
  }

  private static void write(Path file, List<Part> parts, Map<String, String> metadata) {
    try {
      Path folder = file.toAbsolutePath().getParent();
      if (folder == null) {
        throw new IllegalArgumentException(file + " is not a file name");
      }
      Path part = Files.createTempFile(folder, name(file), ".part");
      try {
        try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
          write(channel, parts, metadata);
          channel.force(/* metaData= */ true);
        }
        // A temporary file is private to its owner; a model is for all who may read its folder.
        if (part.getFileSystem().supportedFileAttributeViews().contains("posix")) {
          Files.setPosixFilePermissions(part, PosixFilePermissions.fromString("rw-r--r--"));
        }
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file + ": " + FileErrors.reason(e), e);
    }
  }

  /** The whole file in memory, for weights below 2 GB. */
  public static byte[] toBytes(Map<String, Tensor> tensors, Map<String, String> metadata) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      write(Channels.newChannel(out), parts(tensors), metadata);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static void write(WritableByteChannel out, List<Part> parts, Map<String, String> metadata)
      throws IOException {
    // Wide types first keeps every tensor aligned to its element, whatever the mix.
    List<Part> byWidth = new ArrayList<>(parts);
    byWidth.sort(Comparator.comparingInt(part -> -part.dtype().byteSize()));
    Map<String, List<Long>> offsets = new LinkedHashMap<>();
    long end = 0;
    for (Part part : byWidth) {
      if (part.name().equals(METADATA)) {
        throw new IllegalArgumentException("no tensor may be called " + METADATA);
      }
      long begin = end;
      end += part.size();
      offsets.put(part.name(), List.of(begin, end));
    }
    Map<String, Object> header = new LinkedHashMap<>();
    header.put(METADATA, metadata.isEmpty() ? Map.of("format", "pt") : metadata);
    for (Part part : parts) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("dtype", part.dtype().name());
      entry.put("shape", part.shape());
      entry.put("data_offsets", offsets.getOrDefault(part.name(), List.of()));
      header.put(part.name(), entry);
    }
    byte[] json = JsonText.writeInOrder(header);
    int padded = (json.length + 7) / 8 * 8;
    ByteBuffer head = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
    head.putLong(padded).put(json);
    while (head.hasRemaining()) {
      head.put((byte) ' ');
    }
    writeFully(out, head.flip());
    for (Part part : byWidth) {
      writeFully(out, part.bytes());
    }
  }

  private static void writeFully(WritableByteChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }
}

package dev.mezzotint.model;

import dev.mezzotint.files.FileErrors;
import dev.mezzotint.files.PlaceholderFile;
import dev.mezzotint.files.ZipArchive;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.ZipEntry;

/**
 * Reads weights from files of PyTorch's {@code torch.save} ({@code .bin}, {@code .pt}): a zip of a
 * pickle and of raw storages. They are read as data, see {@link PickleMachine}; nothing is
 * executed.
 *
 * <p>Invalid files are refused with an {@link InvalidInputException} whose field is the tensor's
 * name, or the file's name if no tensor is at fault.
 */
public final class PickleWeights {
  static final int AXES_MAX = 16;

  private static final int PICKLE_BYTES_MAX = 16 << 20;
  private static final int ENTRIES_MAX = 100_000;
  private static final int NAME_LENGTH_MAX = 512;
  private static final int DIRECTORY_BYTES_MAX = 64 << 20;

  /** Where training scripts put the weights in a larger checkpoint: of several, the first. */
  private static final List<String> NESTED =
      List.of(
          "state_dict",
          "model",
          "model_state_dict",
          "net",
          "network",
          "unet",
          "module",
          "ema",
          "ema_model",
          "model_ema",
          "ema_state_dict");

  private final ZipArchive zip;
  private final Map<String, ZipEntry> entries;
  private final String folder;
  private final Map<String, ByteBuffer> storages = new HashMap<>();

  /** Bytes that may still be copied to make strided views contiguous: bounds repeated storages. */
  private long copyBudget;

  private PickleWeights(
      ZipArchive zip, Map<String, ZipEntry> entries, String folder, long fileSize) {
    this.zip = zip;
    this.entries = entries;
    this.folder = folder;
    this.copyBudget = 2 * fileSize;
  }

  /**
   * Tensors by name in the order of the file, on the heap. Views of one storage share its memory.
   */
  public static Map<String, Tensor> read(Path file) {
    String name = String.valueOf(file.getFileName());
    if (!Files.isRegularFile(file)) {
      throw new InvalidInputException(name, "there is no weights file " + file);
    }
    try {
      long fileSize = Files.size(file);
      refuseOtherFormats(file);
      try (ZipArchive zip = ZipArchive.open(file, ENTRIES_MAX, DIRECTORY_BYTES_MAX)) {
        Map<String, ZipEntry> entries = entries(zip, fileSize);
        String folder = folder(entries);
        return new PickleWeights(zip, entries, folder, fileSize).tensors();
      }
    } catch (InvalidInputException e) {
      boolean tensor = !e.field().isEmpty();
      String where = tensor ? "tensor " + JsonObject.quote(e.field()) + " of " + name : name;
      throw new InvalidInputException(tensor ? e.field() : name, where + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new InvalidInputException(name, name + " " + FileErrors.reason(e), e);
    }
  }

  private static void refuseOtherFormats(Path file) throws IOException {
    byte[] start;
    try (InputStream in = Files.newInputStream(file)) {
      start = in.readNBytes(PlaceholderFile.START_BYTES);
    } catch (FileSystemException e) {
      throw new IOException("cannot be read: " + FileErrors.reason(e), e);
    }
    PlaceholderFile.reason(start)
        .ifPresent(
            reason -> {
              throw new InvalidInputException("", reason);
            });
    if (start.length < 4 || start[0] != 'P' || start[1] != 'K') {
      throw new InvalidInputException(
          "",
          start.length > 8 && start[8] == '{'
              ? "is a safetensors file: give it the ending .safetensors"
              : "is not a zip archive as torch.save writes since version 1.6: save it again with a"
                  + " newer version, or as safetensors");
    }
  }

  private static Map<String, ZipEntry> entries(ZipArchive zip, long fileSize) throws IOException {
    Map<String, ZipEntry> entries = new LinkedHashMap<>();
    long total = 0;
    for (String name : zip.names()) {
      ZipEntry entry = zip.entry(name);
      String quoted = JsonObject.quote(name);
      // Storages are never compressed, so nothing can grow when read.
      if (entry.getMethod() != ZipEntry.STORED || entry.getSize() != entry.getCompressedSize()) {
        throw new InvalidInputException("", "its entry " + quoted + " is compressed");
      }
      total += entry.getSize();
      if (entry.getSize() < 0 || total > fileSize) {
        throw new InvalidInputException(
            "", "its entries declare more bytes than the file has, from " + quoted + " on");
      }
      if (entries.put(name, entry) != null) {
        throw new InvalidInputException("", "has the entry " + quoted + " twice");
      }
    }
    return entries;
  }

  /** The one folder that contains everything, with its slash. */
  private static String folder(Map<String, ZipEntry> entries) {
    List<String> pickles =
        entries.keySet().stream()
            .filter(
                entry -> entry.endsWith("/data.pkl") && entry.indexOf('/') + 9 == entry.length())
            .toList();
    if (pickles.size() == 1 && entries.containsKey(inFolder(pickles.get(0), "constants.pkl"))) {
      throw new InvalidInputException(
          "", "is a TorchScript program: save the module's state_dict instead");
    }
    if (pickles.size() != 1) {
      throw new InvalidInputException(
          "", "contains " + pickles.size() + " files FOLDER/data.pkl: torch.save writes one");
    }
    return inFolder(pickles.get(0), "");
  }

  private static String inFolder(String entry, String name) {
    return entry.substring(0, entry.indexOf('/') + 1) + name;
  }

  private Map<String, Tensor> tensors() throws IOException {
    ZipEntry byteorder = entries.get(folder + "byteorder");
    if (byteorder != null) {
      String order = new String(bytes(byteorder, 16), StandardCharsets.US_ASCII);
      if (!order.equals("little")) {
        throw new InvalidInputException(
            "", "its byte order must be little, not " + JsonObject.quote(order));
      }
    }
    Object root = PickleMachine.read(bytes(entry("data.pkl"), PICKLE_BYTES_MAX));
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<Object, Object> member : stateDict(root).members.entrySet()) {
      if (!(member.getKey() instanceof String name) || name.length() > NAME_LENGTH_MAX) {
        throw new InvalidInputException("", "has a tensor without a usable name");
      }
      if (!(member.getValue() instanceof PickleMachine.View view)) {
        throw new InvalidInputException(name, "is not a tensor");
      }
      tensors.put(name, tensor(name, view));
    }
    return tensors;
  }

  private static PickleMachine.Dict stateDict(Object root) {
    if (!(root instanceof PickleMachine.Dict dict)) {
      throw new InvalidInputException("", "does not contain a dict of tensors");
    }
    boolean tensorsOnly =
        dict.members.values().stream().allMatch(PickleMachine.View.class::isInstance);
    if (tensorsOnly && hasTensors(dict)) {
      return dict;
    }
    Map<String, PickleMachine.Dict> nested = new LinkedHashMap<>();
    dict.members.forEach(
        (key, member) -> {
          if (key instanceof String name && member instanceof PickleMachine.Dict inner) {
            nest(name, inner, nested);
          }
        });
    if (nested.size() == 1) {
      return nested.values().iterator().next();
    }
    for (String key : NESTED) {
      PickleMachine.Dict known = nested.get(key);
      if (known != null) {
        return known;
      }
    }
    if (nested.isEmpty() && hasTensors(dict)) {
      return dict;
    }
    Set<String> keys = new LinkedHashSet<>();
    (nested.isEmpty() ? dict.members : nested).keySet().forEach(key -> keys.add(key.toString()));
    throw new InvalidInputException(
        "",
        nested.isEmpty()
            ? "contains no tensors" + (keys.isEmpty() ? "" : ", but only: " + Weights.brief(keys))
            : "contains several dicts of tensors, of which none is known: " + Weights.brief(keys));
  }

  /** Finds dicts of tensors by name, in a dict or in the dicts in it. */
  private static void nest(
      String name, PickleMachine.Dict dict, Map<String, PickleMachine.Dict> found) {
    if (hasTensors(dict)) {
      found.put(name, dict);
      return;
    }
    dict.members.forEach(
        (key, member) -> {
          if (key instanceof String
              && member instanceof PickleMachine.Dict inner
              && hasTensors(inner)) {
            found.putIfAbsent(name, inner);
          }
        });
  }

  private static boolean hasTensors(PickleMachine.Dict dict) {
    return dict.members.values().stream().anyMatch(PickleMachine.View.class::isInstance);
  }

  private Tensor tensor(String name, PickleMachine.View view) throws IOException {
    long[] sizes = view.sizes().stream().mapToLong(Long::longValue).toArray();
    long[] strides = view.strides().stream().mapToLong(Long::longValue).toArray();
    DType dtype = view.storage().dtype();
    long size;
    try {
      size = Tensor.byteSize(dtype, sizes);
      if (!inBounds(view, sizes, strides)) {
        throw new InvalidInputException(
            name,
            "reaches beyond its storage of %s elements: sizes %s, strides %s, offset %s"
                .formatted(view.storage().elements(), view.sizes(), view.strides(), view.offset()));
      }
    } catch (ArithmeticException | IllegalArgumentException e) {
      throw new InvalidInputException(name, "has impossible sizes " + view.sizes(), e);
    }
    int width = dtype.byteSize();
    ByteBuffer storage = storage(name, view.storage());
    if (size == 0) {
      return new Tensor(dtype, sizes, ByteBuffer.allocate(0));
    }
    if (isContiguous(sizes, strides)) {
      // In bounds of an array, so both fit an int.
      return new Tensor(dtype, sizes, storage.slice((int) (view.offset() * width), (int) size));
    }
    if (size > copyBudget) {
      throw new InvalidInputException(name, "repeats its storage too often");
    }
    copyBudget -= size;
    return new Tensor(dtype, sizes, gather(storage, view.offset(), sizes, strides, width));
  }

  /** Whether every index is within the storage and the view has no more elements than it. */
  private static boolean inBounds(PickleMachine.View view, long[] sizes, long[] strides) {
    if (sizes.length != strides.length || view.offset() < 0 || view.storage().elements() < 0) {
      return false;
    }
    long last = view.offset();
    long count = 1;
    for (int i = 0; i < sizes.length; i++) {
      if (strides[i] < 0) {
        return false;
      }
      if (sizes[i] == 0) {
        return view.offset() <= view.storage().elements();
      }
      last = Math.addExact(last, Math.multiplyExact(sizes[i] - 1, strides[i]));
      count = Math.multiplyExact(count, sizes[i]);
    }
    return last < view.storage().elements() && count <= view.storage().elements();
  }

  private static boolean isContiguous(long[] sizes, long[] strides) {
    long expected = 1;
    for (int i = sizes.length; i-- > 0; ) {
      if (sizes[i] != 1 && strides[i] != expected) {
        return false;
      }
      expected *= sizes[i];
    }
    return true;
  }

  /** Elements in index order, the last index fastest; all indices were checked. */
  private static ByteBuffer gather(
      ByteBuffer storage, long offset, long[] sizes, long[] strides, int width) {
    long count = 1;
    for (long size : sizes) {
      count *= size;
    }
    ByteBuffer out = ByteBuffer.allocate((int) (count * width)).order(ByteOrder.LITTLE_ENDIAN);
    long[] index = new long[sizes.length];
    long at = offset;
    for (long n = 0; n < count; n++) {
      out.put(out.position(), storage, (int) (at * width), width);
      out.position(out.position() + width);
      for (int axis = sizes.length; axis-- > 0; ) {
        at += strides[axis];
        if (++index[axis] < sizes[axis]) {
          break;
        }
        at -= sizes[axis] * strides[axis];
        index[axis] = 0;
      }
    }
    return out.flip();
  }

  private ByteBuffer storage(String tensor, PickleMachine.Storage storage) throws IOException {
    String name = folder + "data/" + storage.key();
    ZipEntry entry = entries.get(name);
    if (entry == null) {
      throw new InvalidInputException(
          tensor, "its storage " + JsonObject.quote(name) + " is missing");
    }
    long width = storage.dtype().byteSize();
    if (storage.elements() < 0 || storage.elements() > entry.getSize() / width) {
      throw new InvalidInputException(
          tensor,
          "its storage has %s bytes, too few for %s elements of %s"
              .formatted(entry.getSize(), storage.elements(), storage.dtype()));
    }
    ByteBuffer known = storages.get(name);
    if (known == null) {
      try {
        known = ByteBuffer.wrap(bytes(entry, Integer.MAX_VALUE - 8));
      } catch (InvalidInputException e) {
        throw new InvalidInputException(tensor, String.valueOf(e.getMessage()), e);
      }
      storages.put(name, known);
    }
    return known.duplicate();
  }

  private ZipEntry entry(String name) {
    ZipEntry entry = entries.get(folder + name);
    if (entry == null) {
      throw new InvalidInputException("", "lacks its entry " + JsonObject.quote(folder + name));
    }
    return entry;
  }

  private byte[] bytes(ZipEntry entry, int sizeMax) throws IOException {
    String quoted = JsonObject.quote(entry.getName());
    if (entry.getSize() > sizeMax) {
      throw new InvalidInputException(
          "", "its entry %s may have %s bytes, not %s".formatted(quoted, sizeMax, entry.getSize()));
    }
    try {
      return zip.bytes(entry.getName(), sizeMax);
    } catch (IOException e) {
      throw new InvalidInputException("", "its entry " + quoted + " " + FileErrors.reason(e), e);
    }
  }
}

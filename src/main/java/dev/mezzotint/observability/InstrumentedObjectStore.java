package dev.mezzotint.observability;

import dev.mezzotint.storage.ObjectStat;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StoredObject;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;

/** An object store whose calls are measured or traced. Thread-safe. */
public final class InstrumentedObjectStore implements ObjectStore {
  private final ObjectStore store;
  private final Around around;

  /** The kind of a call. */
  public enum Operation {
    READ,
    STAT,
    WRITE,
    UPLOAD,
    LIST,
    DELETE;

    String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Makes the call and returns its result. */
  public interface Around {
    <T> T call(Operation operation, String key, Supplier<T> call);
  }

  /**
   * @param store is closed by the caller
   */
  public InstrumentedObjectStore(ObjectStore store, Around around) {
    this.store = store;
    this.around = around;
  }

  @Override
  public Optional<StoredObject> get(String key) {
    return around.call(Operation.READ, key, () -> store.get(key));
  }

  @Override
  public Optional<InputStream> open(String key) {
    return around.call(Operation.READ, key, () -> store.open(key));
  }

  @Override
  public Optional<ObjectStat> stat(String key) {
    return around.call(Operation.STAT, key, () -> store.stat(key));
  }

  @Override
  public String put(String key, byte[] bytes, String contentType) {
    return around.call(Operation.WRITE, key, () -> store.put(key, bytes, contentType));
  }

  @Override
  public Optional<String> create(String key, byte[] bytes, String contentType) {
    return around.call(Operation.WRITE, key, () -> store.create(key, bytes, contentType));
  }

  @Override
  public Optional<String> replace(String key, byte[] bytes, String contentType, String etag) {
    return around.call(Operation.WRITE, key, () -> store.replace(key, bytes, contentType, etag));
  }

  @Override
  public void upload(String key, Path file, String contentType) {
    around.call(
        Operation.UPLOAD,
        key,
        () -> {
          store.upload(key, file, contentType);
          return key;
        });
  }

  @Override
  public List<String> list(String prefix) {
    return around.call(Operation.LIST, prefix, () -> store.list(prefix));
  }

  @Override
  public void delete(String key) {
    around.call(
        Operation.DELETE,
        key,
        () -> {
          store.delete(key);
          return key;
        });
  }

  @Override
  public void close() {}
}

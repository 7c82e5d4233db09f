package dev.mezzotint.worker;

import dev.mezzotint.storage.ObjectStat;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StoredObject;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** A store whose calls are counted and timed by what they are about. Safe for many threads. */
final class TimedStore implements ObjectStore {
  private final ObjectStore store;
  private final Stopwatch watch;

  /**
   * @param store stays the caller's to close
   */
  TimedStore(ObjectStore store, Stopwatch watch) {
    this.store = store;
    this.watch = watch;
  }

  private <T> T timed(String key, Supplier<T> call) {
    String about =
        key.endsWith("job.json")
            ? "store: job record"
            : key.endsWith("manifest.json") ? "store: manifest" : "store: images";
    return watch.time(about, call);
  }

  @Override
  public Optional<StoredObject> get(String key) {
    return timed(key, () -> store.get(key));
  }

  @Override
  public Optional<InputStream> open(String key) {
    return timed(key, () -> store.open(key));
  }

  @Override
  public Optional<ObjectStat> stat(String key) {
    return timed(key, () -> store.stat(key));
  }

  @Override
  public String put(String key, byte[] bytes, String contentType) {
    return timed(key, () -> store.put(key, bytes, contentType));
  }

  @Override
  public Optional<String> create(String key, byte[] bytes, String contentType) {
    return timed(key, () -> store.create(key, bytes, contentType));
  }

  @Override
  public Optional<String> replace(String key, byte[] bytes, String contentType, String etag) {
    return timed(key, () -> store.replace(key, bytes, contentType, etag));
  }

  @Override
  public void upload(String key, Path file, String contentType) {
    timed(
        key,
        () -> {
          store.upload(key, file, contentType);
          return key;
        });
  }

  @Override
  public List<String> list(String prefix) {
    return timed(prefix, () -> store.list(prefix));
  }

  @Override
  public void delete(String key) {
    timed(
        key,
        () -> {
          store.delete(key);
          return key;
        });
  }

  @Override
  public void close() {}
}

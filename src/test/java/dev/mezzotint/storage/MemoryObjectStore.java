package dev.mezzotint.storage;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A bucket in memory that honours conditional writes. It records every write, so that tests can
 * check that nothing was overwritten.
 */
public final class MemoryObjectStore implements ObjectStore {
  /** One write that took effect. */
  public record Write(String operation, String key, byte[] bytes) {}

  private final Map<String, StoredObject> objects = new TreeMap<>();
  private final List<Write> writes = new ArrayList<>();
  private long versions;

  @Override
  public synchronized Optional<StoredObject> get(String key) {
    return Optional.ofNullable(objects.get(key))
        .map(object -> new StoredObject(object.bytes().clone(), object.etag()));
  }

  @Override
  public Optional<InputStream> open(String key) {
    return get(key).map(object -> new ByteArrayInputStream(object.bytes()));
  }

  @Override
  public Optional<ObjectStat> stat(String key) {
    return get(key)
        .map(object -> new ObjectStat(object.bytes().length, object.etag(), time(object)));
  }

  /** The n-th write happens at second n. */
  private static Instant time(StoredObject object) {
    return Instant.ofEpochSecond(Long.parseLong(object.etag().substring(1)));
  }

  @Override
  public synchronized String put(String key, byte[] bytes, String contentType) {
    return write("put", key, bytes);
  }

  @Override
  public synchronized Optional<String> create(String key, byte[] bytes, String contentType) {
    return objects.containsKey(key) ? Optional.empty() : Optional.of(write("create", key, bytes));
  }

  @Override
  public synchronized Optional<String> replace(
      String key, byte[] bytes, String contentType, String etag) {
    StoredObject stored = objects.get(key);
    return stored == null || !stored.etag().equals(etag)
        ? Optional.empty()
        : Optional.of(write("replace", key, bytes));
  }

  private String write(String operation, String key, byte[] bytes) {
    String etag = "v" + ++versions;
    objects.put(key, new StoredObject(bytes.clone(), etag));
    writes.add(new Write(operation, key, bytes.clone()));
    return etag;
  }

  @Override
  public void upload(String key, Path file, String contentType) {
    try {
      put(key, Files.readAllBytes(file), contentType);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public synchronized List<String> list(String prefix) {
    return objects.keySet().stream().filter(key -> key.startsWith(prefix)).toList();
  }

  @Override
  public synchronized void delete(String key) {
    objects.remove(key);
  }

  /** All writes that took effect, oldest first. */
  public synchronized List<Write> writes() {
    return List.copyOf(writes);
  }

  @Override
  public void close() {}
}

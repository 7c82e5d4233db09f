package dev.mezzotint.http;

import dev.mezzotint.storage.ObjectStat;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StoredObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;

/** An object store in memory, without conditional writes. */
final class InMemoryStore implements ObjectStore {
  private final ConcurrentSkipListMap<String, byte[]> objects = new ConcurrentSkipListMap<>();

  @Override
  public Optional<StoredObject> get(String key) {
    return Optional.ofNullable(objects.get(key)).map(bytes -> new StoredObject(bytes, "e"));
  }

  @Override
  public Optional<InputStream> open(String key) {
    return Optional.ofNullable(objects.get(key)).map(ByteArrayInputStream::new);
  }

  @Override
  public Optional<ObjectStat> stat(String key) {
    return Optional.ofNullable(objects.get(key))
        .map(bytes -> new ObjectStat(bytes.length, "e", Instant.EPOCH));
  }

  @Override
  public String put(String key, byte[] bytes, String contentType) {
    objects.put(key, bytes);
    return "e";
  }

  @Override
  public Optional<String> create(String key, byte[] bytes, String contentType) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Optional<String> replace(String key, byte[] bytes, String contentType, String etag) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void upload(String key, Path file, String contentType) {
    try {
      objects.put(key, Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public List<String> list(String prefix) {
    return objects.keySet().stream().filter(key -> key.startsWith(prefix)).toList();
  }

  @Override
  public void delete(String key) {
    objects.remove(key);
  }

  @Override
  public void close() {}
}

package dev.mezzotint.storage;

import java.io.InputStream;
import java.util.List;
import java.util.Optional;

/** Reads the objects of a bucket; see {@link ObjectStore}. */
public interface ObjectReader {

  /**
   * Reads a small object, with the ETag to pass to {@link ObjectStore#replace}; empty if absent.
   */
  Optional<StoredObject> get(String key);

  /** Opens a large object as a stream, which the caller closes; empty if absent. */
  Optional<InputStream> open(String key);

  /** Size in bytes and ETag without the content; empty if absent. */
  Optional<ObjectStat> stat(String key);

  /** All keys under a prefix, in the order of their bytes. */
  List<String> list(String prefix);
}

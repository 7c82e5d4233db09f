package dev.mezzotint.storage;

import dev.mezzotint.json.InvalidInputException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Which objects requests may name, by whose request it is. Held where objects are read, so that no
 * field of a request can be forgotten; asked before, field by field, so that a refusal can name it.
 *
 * @param prefixes each ends in {@code /}; {@code {tenant}} in it stands for the request's tenant;
 *     none to allow every key
 */
public record InputRule(List<String> prefixes) {
  /** Every key of the bucket. */
  public static final InputRule ANY = new InputRule(List.of());

  private static final String TENANT = "{tenant}";

  /**
   * @throws InvalidInputException for a prefix that is none
   */
  public InputRule {
    prefixes = List.copyOf(prefixes);
    for (String prefix : prefixes) {
      String plain = prefix.replace(TENANT, "t");
      if (!plain.endsWith("/") || !Keys.nameable(plain) || plain.matches(".*[{}*].*")) {
        throw new InvalidInputException(
            "inputs",
            "an allowed prefix is a key that ends in / and may hold " + TENANT + ", not " + prefix);
      }
    }
  }

  /** Whether a request of this tenant may read this key, or list under it. */
  public boolean allows(String tenant, String key) {
    return prefixes.isEmpty()
        || prefixes.stream().anyMatch(prefix -> key.startsWith(prefix.replace(TENANT, tenant)));
  }

  /**
   * Says no in the name of the field, before anything is read.
   *
   * @throws InvalidInputException if this tenant's requests may not name this key
   */
  public void check(String tenant, String field, String key) {
    if (!allows(tenant, key)) {
      throw new InvalidInputException(field, field + ": " + refusal(tenant, key));
    }
  }

  private static String refusal(String tenant, String key) {
    return "object " + key + " is not among those that requests of tenant " + tenant + " may name";
  }

  /**
   * The store as a tenant's requests may read it: what is not allowed is refused with an {@link
   * InvalidInputException}, and so is all writing with an {@link UnsupportedOperationException}.
   *
   * @param store stays the caller's to close
   */
  public ObjectStore within(ObjectStore store, String tenant) {
    return new Readable(store, tenant);
  }

  private final class Readable implements ObjectStore {
    private final ObjectStore store;
    private final String tenant;

    Readable(ObjectStore store, String tenant) {
      this.store = store;
      this.tenant = tenant;
    }

    private String checked(String key) {
      if (!allows(tenant, key)) {
        throw new InvalidInputException("", refusal(tenant, key));
      }
      return key;
    }

    @Override
    public Optional<StoredObject> get(String key) {
      return store.get(checked(key));
    }

    @Override
    public Optional<InputStream> open(String key) {
      return store.open(checked(key));
    }

    @Override
    public Optional<ObjectStat> stat(String key) {
      return store.stat(checked(key));
    }

    @Override
    public List<String> list(String prefix) {
      return store.list(checked(prefix));
    }

    @Override
    public String put(String key, byte[] bytes, String contentType) {
      throw new UnsupportedOperationException("inputs are only read");
    }

    @Override
    public Optional<String> create(String key, byte[] bytes, String contentType) {
      throw new UnsupportedOperationException("inputs are only read");
    }

    @Override
    public Optional<String> replace(String key, byte[] bytes, String contentType, String etag) {
      throw new UnsupportedOperationException("inputs are only read");
    }

    @Override
    public void upload(String key, Path file, String contentType) {
      throw new UnsupportedOperationException("inputs are only read");
    }

    @Override
    public void delete(String key) {
      throw new UnsupportedOperationException("inputs are only read");
    }

    @Override
    public void close() {}
  }
}

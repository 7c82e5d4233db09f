package dev.mezzotint.storage;

import dev.mezzotint.json.InvalidInputException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;

/**
 * Restricts the objects that the requests of a tenant may name. Enforced where objects are read, so
 * that no field of a request is overlooked, and checked earlier for each field, so that a refusal
 * can name it.
 *
 * @param prefixes allowed prefixes, each ending in {@code /}; {@code {tenant}} is replaced by the
 *     request's tenant; empty to allow every key
 */
public record InputRule(List<String> prefixes) {
  /** Every key of the bucket. */
  public static final InputRule ANY = new InputRule(List.of());

  private static final String TENANT = "{tenant}";

  /**
   * @throws InvalidInputException for an invalid prefix
   */
  public InputRule {
    prefixes = List.copyOf(prefixes);
    for (String prefix : prefixes) {
      String plain = prefix.replace(TENANT, "t");
      if (!plain.endsWith("/") || !Keys.isValidKey(plain) || plain.matches(".*[{}*].*")) {
        throw new InvalidInputException(
            "inputs",
            "an allowed prefix is a key that ends in / and may hold " + TENANT + ", not " + prefix);
      }
    }
  }

  /** Whether a request of this tenant may read this key, or list this prefix. */
  public boolean allows(String tenant, String key) {
    return prefixes.isEmpty()
        || prefixes.stream().anyMatch(prefix -> key.startsWith(prefix.replace(TENANT, tenant)));
  }

  /**
   * Checks a key before anything is read.
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
   * Restricts reading to what requests of this tenant may name; everything else is refused with an
   * {@link InvalidInputException}.
   */
  public ObjectReader restrict(ObjectReader store, String tenant) {
    return new ObjectReader() {
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
    };
  }
}

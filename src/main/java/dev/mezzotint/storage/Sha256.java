package dev.mezzotint.storage;

import dev.mezzotint.json.JsonObject;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/** SHA-256 as 64 hexadecimal digits in lower case. */
public final class Sha256 {
  private Sha256() {}

  public static String sha256(byte[] bytes) {
    return HexFormat.of().formatHex(digest().digest(bytes));
  }

  /**
   * Reads a field of a request; empty if absent.
   *
   * @throws dev.mezzotint.json.InvalidInputException if it is not such a digest
   */
  public static Optional<String> read(JsonObject object, String field) {
    Optional<String> digest = object.string(field);
    object.refuseIf(
        digest.isPresent() && !digest.get().matches("[0-9a-f]{64}"),
        field,
        "must be 64 hexadecimal digits in lower case");
    return digest;
  }

  static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }
}

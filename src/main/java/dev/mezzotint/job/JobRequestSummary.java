package dev.mezzotint.job;

import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is worth remembering of a request when thousands of them are: its short members. A picture
 * in base64 or ten thousand seeds are not.
 *
 * @param fingerprint SHA-256 of the request with its members sorted
 * @param members its short members, by name
 */
record JobRequestSummary(String fingerprint, Map<String, Object> members) {
  private static final int TEXT_MAX = 256;
  private static final int LIST_MAX = 16;
  private static final int MEMBERS_MAX = 40;
  private static final int DEPTH_MAX = 2;

  /** Of all members together, as JSON: thousands of jobs are remembered. */
  private static final int BYTES_MAX = 8 << 10;

  static JobRequestSummary of(JsonObject request) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(request.canonical());
      return new JobRequestSummary(
          HexFormat.of().formatHex(digest), within(shortened(request.toMap(), DEPTH_MAX)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  /** Without the members that there is no room for; the short ones have it first. */
  private static Map<String, Object> within(Map<String, Object> members) {
    Map<String, Integer> sizes = new LinkedHashMap<>();
    members.forEach((name, value) -> sizes.put(name, JsonText.write(Map.of(name, value)).length));
    List<String> names = new ArrayList<>(members.keySet());
    names.sort(Comparator.comparing(name -> sizes.getOrDefault(name, 0)));
    int left = BYTES_MAX;
    for (String name : names) {
      left -= sizes.getOrDefault(name, 0);
      if (left < 0) {
        members.remove(name);
      }
    }
    return members;
  }

  private static Map<String, Object> shortened(Map<?, ?> members, int depth) {
    Map<String, Object> kept = new LinkedHashMap<>();
    for (Map.Entry<?, ?> member : members.entrySet()) {
      String name = String.valueOf(member.getKey());
      Object value = shortened(member.getValue(), depth);
      if (value != null && kept.size() < MEMBERS_MAX && name.length() <= TEXT_MAX) {
        kept.put(name, value);
      }
    }
    return kept;
  }

  private static @Nullable Object shortened(@Nullable Object value, int depth) {
    if (value instanceof String text) {
      return text.length() <= TEXT_MAX ? text : null;
    }
    if (value instanceof Map<?, ?> map) {
      return depth > 0 ? shortened(map, depth - 1) : null;
    }
    if (value instanceof List<?> list) {
      boolean plain = list.stream().allMatch(e -> e instanceof Number || e instanceof Boolean);
      return plain && list.size() <= LIST_MAX ? List.copyOf(list) : null;
    }
    return value;
  }
}

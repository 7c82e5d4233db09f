package dev.mezzotint.board;

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
 * The short members of a request, for a board of thousands of jobs. Leaves out an image in base64
 * or ten thousand seeds.
 *
 * @param fingerprint SHA-256 of the request with its members sorted
 * @param members its short members, by name
 * @param truncatedFields names of members left out, as {@code seeds} or {@code init.data}: without
 *     them it is a different request
 */
record RequestSummary(
    String fingerprint, Map<String, Object> members, List<String> truncatedFields) {
  private static final int TEXT_MAX = 256;
  private static final int LIST_MAX = 16;
  private static final int MEMBERS_MAX = 40;
  private static final int DEPTH_MAX = 2;
  private static final int LACKS_MAX = 16;

  /** Size of all members together, as JSON. */
  private static final int BYTES_MAX = 8 << 10;

  static RequestSummary of(JsonObject request) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(request.canonical());
      List<String> truncated = new ArrayList<>();
      Map<String, Object> members =
          within(shortened(request.toMap(), "", DEPTH_MAX, truncated), truncated);
      return new RequestSummary(
          HexFormat.of().formatHex(digest),
          members,
          truncated.stream().sorted().limit(LACKS_MAX).toList());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  /** Removes the longest members until the rest fits. */
  private static Map<String, Object> within(Map<String, Object> members, List<String> truncated) {
    Map<String, Integer> sizes = new LinkedHashMap<>();
    members.forEach((name, value) -> sizes.put(name, JsonText.write(Map.of(name, value)).length));
    List<String> names = new ArrayList<>(members.keySet());
    names.sort(Comparator.comparing(name -> sizes.getOrDefault(name, 0)));
    int left = BYTES_MAX;
    for (String name : names) {
      left -= sizes.getOrDefault(name, 0);
      if (left < 0) {
        members.remove(name);
        truncated.add(shortName(name));
      }
    }
    return members;
  }

  /**
   * @param path of these members within the request, with a trailing dot
   */
  private static Map<String, Object> shortened(
      Map<?, ?> members, String path, int depth, List<String> truncated) {
    Map<String, Object> kept = new LinkedHashMap<>();
    for (Map.Entry<?, ?> member : members.entrySet()) {
      String name = String.valueOf(member.getKey());
      String whole = path + name;
      Object value = shortened(member.getValue(), whole + ".", depth, truncated);
      if (value != null && kept.size() < MEMBERS_MAX && name.length() <= TEXT_MAX) {
        kept.put(name, value);
      } else if (member.getValue() != null) {
        truncated.add(shortName(whole));
      }
    }
    return kept;
  }

  private static @Nullable Object shortened(
      @Nullable Object value, String path, int depth, List<String> truncated) {
    if (value instanceof String text) {
      return text.length() <= TEXT_MAX ? text : null;
    }
    if (value instanceof Map<?, ?> map) {
      return depth > 0 ? shortened(map, path, depth - 1, truncated) : null;
    }
    if (value instanceof List<?> list) {
      boolean plain = list.stream().allMatch(e -> e instanceof Number || e instanceof Boolean);
      return plain && list.size() <= LIST_MAX ? List.copyOf(list) : null;
    }
    return value;
  }

  private static String shortName(String name) {
    return name.length() <= TEXT_MAX ? name : name.substring(0, TEXT_MAX);
  }
}

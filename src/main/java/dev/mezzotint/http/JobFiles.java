package dev.mezzotint.http;

import dev.mezzotint.board.BoardJob;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStat;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StoredObject;
import java.io.InputStream;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What jobs leave in the store, for those who have no key to it: lists with links, and small files
 * themselves. Safe for use by many threads.
 */
final class JobFiles {
  /** What passes through this process; above it only links are given. */
  static final long STREAM_BYTES_MAX = 64L << 20;

  private static final Duration VALIDITY = Duration.ofMinutes(15);
  private static final int LISTED_MAX = 200;
  private static final Map<String, String> TYPES =
      Map.of(
          "png", "image/png",
          "json", "application/json",
          "csv", "text/csv; charset=utf-8");

  private final ObjectStore store;
  private final ModelCatalog shelf;

  JobFiles(ObjectStore store, ModelCatalog shelf) {
    this.store = store;
    this.shelf = shelf;
  }

  /** The file's own place here. */
  static String path(String id, String key) {
    String name = key.substring(Keys.job(id).length());
    return "/api/jobs/"
        + id
        + "/files/"
        + Stream.of(name.split("/", -1))
            .map(part -> URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20"))
            .collect(Collectors.joining("/"));
  }

  /**
   * What a job has made: of one that has ended what its manifest says, of another what stands.
   *
   * @param state of a job that has not ended, as far as it is known
   * @param offset so many pictures are passed over
   * @param countMax pictures in the answer
   */
  Map<String, Object> results(String id, String state, int offset, int countMax) {
    Optional<StoredObject> manifest = store.get(Keys.manifest(id));
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("id", id);
    Instant expires = Instant.now().plus(VALIDITY);
    List<Map<String, Object>> files = new ArrayList<>();
    if (manifest.isPresent()) {
      JsonObject json = JsonObject.parse(manifest.get().bytes());
      answer.put("state", json.string("state", ""));
      json.object("settings").ifPresent(settings -> answer.put("settings", settings.toMap()));
      List<Map<String, Object>> pictures = listed(json.toMap().get("images"));
      answer.put("total", pictures.size());
      pictures.stream()
          .skip(offset)
          .limit(countMax)
          .forEach(picture -> files.add(file(id, picture, expires)));
      if (json.toMap().get("failedFrames") instanceof List<?> failed) {
        answer.put("failedFrames", failed.stream().limit(LISTED_MAX).toList());
      }
    } else {
      List<String> keys = store.list(Keys.images(id));
      answer.put("state", state);
      answer.put("total", keys.size());
      keys.stream()
          .skip(offset)
          .limit(countMax)
          .forEach(key -> files.add(file(id, Map.of("key", key), expires)));
    }
    answer.put("images", files);
    List<Map<String, Object>> others = new ArrayList<>();
    for (String key : others(id)) {
      others.add(file(id, Map.of("key", key), expires));
    }
    answer.put("files", others);
    return answer;
  }

  /** The manifest's own lists only; none for what is no list of objects. */
  private static List<Map<String, Object>> listed(@Nullable Object images) {
    List<Map<String, Object>> all = new ArrayList<>();
    if (images instanceof List<?> list) {
      for (Object image : list) {
        if (image instanceof Map<?, ?> map && map.get("key") instanceof String) {
          Map<String, Object> members = new LinkedHashMap<>();
          map.forEach((name, value) -> members.put(String.valueOf(name), value));
          all.add(members);
        }
      }
    }
    return all;
  }

  /** All but pictures, checkpoints and the fence. */
  private List<String> others(String id) {
    List<String> keys = new ArrayList<>(store.list(Keys.samples(id)));
    for (String key :
        List.of(
            Keys.grid(id),
            Keys.sheet(id),
            Keys.clip(id),
            Keys.lossCurve(id),
            Keys.lossLog(id),
            Keys.manifest(id))) {
      if (store.stat(key).isPresent()) {
        keys.add(key);
      }
    }
    return keys.subList(Math.max(0, keys.size() - LISTED_MAX), keys.size());
  }

  private Map<String, Object> file(String id, Map<String, Object> members, Instant expires) {
    Map<String, Object> file = new LinkedHashMap<>(members);
    String key = String.valueOf(members.get("key"));
    if (!key.startsWith(Keys.job(id))) {
      return file; // a manifest that somebody else wrote: nothing beyond the job is linked
    }
    file.put("path", path(id, key));
    file.put("link", shelf.link(key, VALIDITY));
    file.put("expires", expires.toString());
    return file;
  }

  /**
   * A job's file itself.
   *
   * @param escaped name behind the job's prefix, as {@link #path} has it
   */
  HttpResponse file(String id, String escaped) {
    String name;
    try {
      name = URLDecoder.decode(escaped.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return absent(); // no path of ours
    }
    String key = Keys.job(id) + name;
    boolean internal = name.startsWith("checkpoints/") || name.equals("job.json");
    if (internal || !Keys.nameable(key)) {
      return absent();
    }
    Optional<ObjectStat> stat = store.stat(key);
    if (stat.isEmpty()) {
      return absent();
    }
    if (stat.get().size() > STREAM_BYTES_MAX) {
      return HttpResponse.refusal(
          413,
          "file",
          name
              + " has "
              + stat.get().size()
              + " bytes, more than the "
              + STREAM_BYTES_MAX
              + " that pass through here: use its link in /api/jobs/"
              + id
              + "/results");
    }
    Optional<InputStream> in = store.open(key);
    if (in.isEmpty()) {
      return absent();
    }
    String ending = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    HttpResponse answer =
        HttpResponse.of(
            200,
            TYPES.getOrDefault(ending, "application/octet-stream"),
            new HttpResponse.Stream(in.get(), stat.get().size()));
    // What stands under these keys never changes; a job's samples and pictures are written once.
    return answer
        .with("Cache-Control", "private, max-age=86400, immutable")
        .with("Content-Disposition", TYPES.containsKey(ending) ? "inline" : "attachment");
  }

  static HttpResponse absent() {
    return HttpResponse.refusal(404, "", "there is no such thing here; /api lists what there is");
  }

  /** Links of a job itself. */
  static Map<String, Object> links(BoardJob job) {
    String self = "/api/jobs/" + job.id();
    Map<String, Object> links = new LinkedHashMap<>();
    links.put("self", self);
    links.put("results", self + "/results");
    if (!job.state().terminal()) {
      links.put("cancel", self + "/cancel");
    }
    for (String name : List.of("grid", "sheet", "clip", "lossCurve", "manifest")) {
      if (job.data().get(name) instanceof String key && key.startsWith(Keys.job(job.id()))) {
        links.put(name, path(job.id(), key));
      }
    }
    return links;
  }
}

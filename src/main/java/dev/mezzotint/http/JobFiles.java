package dev.mezzotint.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.mezzotint.board.BoardJob;
import dev.mezzotint.http.AnswerSchemas.StoredFile;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.StoredObject;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.inject.spi.CDI;
import jakarta.ws.rs.NotFoundException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** Lists a job's objects in the store, with links for callers without credentials for it. */
final class JobFiles {
  private static final Duration VALIDITY = Duration.ofMinutes(15);
  private static final int LISTED_MAX = 200;
  private static final Pattern PREFIX = Pattern.compile("(/[A-Za-z0-9._~-]{1,64}){1,8}/?");

  /**
   * A job's files.
   *
   * @param total images that there are
   * @param images a page of them
   * @param files all but images and checkpoints
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @Schema(requiredProperties = {"id", "state", "total", "images", "files"})
  record Results(
      String id,
      String state,
      @Nullable Map<String, Object> settings,
      int total,
      @Nullable List<?> failedFrames,
      @Schema(implementation = StoredFile[].class) List<Map<String, Object>> images,
      @Schema(implementation = StoredFile[].class) List<Map<String, Object>> files) {}

  private JobFiles() {}

  /**
   * The address of a path of this front for the caller: a proxy names the path under which it
   * serves the front in the header {@code X-Forwarded-Prefix}.
   */
  static String address(String path) {
    RoutingContext call = CDI.current().select(CurrentVertxRequest.class).get().getCurrent();
    String prefix = call == null ? null : call.request().getHeader("X-Forwarded-Prefix");
    return prefix != null && PREFIX.matcher(prefix).matches()
        ? prefix.replaceFirst("/+$", "") + path
        : path;
  }

  /**
   * Decodes what follows a prefix of a call's path; a plus is a plus there.
   *
   * @throws NotFoundException if it cannot be decoded
   */
  static String decoded(RoutingContext call, String prefix) {
    try {
      String path = call.normalizedPath().substring(prefix.length());
      return URLDecoder.decode(path.replace("+", "%2B"), UTF_8);
    } catch (IllegalArgumentException e) {
      throw new NotFoundException(e);
    }
  }

  /** The address of a job's object in the REST front. */
  private static String path(String id, String key) {
    return Stream.of(key.substring(Keys.job(id).length()).split("/", -1))
        .map(part -> URLEncoder.encode(part, UTF_8).replace("+", "%20"))
        .collect(Collectors.joining("/", address("/api/jobs/" + id + "/files/"), ""));
  }

  /**
   * Lists a job's files: as its manifest has them once it has ended, and as the store has them
   * before.
   *
   * @param offset images that are skipped
   * @param limit images in the answer at most
   */
  static Results results(String id, int offset, int limit, HttpFront front) {
    Instant expires = Instant.now().plus(VALIDITY);
    List<Map<String, Object>> files =
        others(id, front).stream()
            .map(key -> file(id, Map.of("key", key), expires, front.catalog()))
            .toList();
    String state = StoredJobs.find(id, front).map(job -> job.state().wireName()).orElse("unknown");
    Optional<StoredObject> manifest = front.store().get(Keys.manifest(id));
    Map<String, Object> settings = null;
    List<?> failedFrames = null;
    List<Map<String, Object>> images;
    if (manifest.isPresent()) {
      JsonObject json = JsonObject.parse(manifest.get().bytes());
      state = json.string("state", "");
      settings = json.object("settings").map(JsonObject::toMap).orElse(null);
      images = listed(json.toMap().get("images"));
      if (json.toMap().get("failedFrames") instanceof List<?> failed) {
        failedFrames = failed.stream().limit(LISTED_MAX).toList();
      }
    } else {
      images =
          front.store().list(Keys.images(id)).stream()
              .map(key -> Map.<String, Object>of("key", key))
              .toList();
    }
    return new Results(
        id,
        state,
        settings,
        images.size(),
        failedFrames,
        images.stream()
            .skip(offset)
            .limit(limit)
            .map(image -> file(id, image, expires, front.catalog()))
            .toList(),
        files);
  }

  /**
   * All files of a job that has ended.
   *
   * @throws RefusedException with status 404 if it has not, or 413 if they are too large
   */
  static JobArchive archive(String id, HttpFront front) {
    JsonObject manifest =
        front
            .store()
            .get(Keys.manifest(id))
            .map(stored -> JsonObject.parse(stored.bytes()))
            .orElseThrow(
                () -> RefusedException.of(404, "id", "no job that has ended has the id " + id));
    List<JobArchive.Entry> entries = new ArrayList<>();
    for (Map<String, Object> image : listed(manifest.toMap().get("images"))) {
      String key = String.valueOf(image.get("key"));
      // A forged manifest may name objects of other jobs.
      if (key.startsWith(Keys.images(id)) && image.get("bytes") instanceof Number bytes) {
        entries.add(new JobArchive.Entry(key, bytes.longValue()));
      }
    }
    for (String key : others(id, front)) {
      front
          .store()
          .stat(key)
          .ifPresent(stat -> entries.add(new JobArchive.Entry(key, stat.size())));
    }
    return new JobArchive(
        id, created(manifest), entries, JobsResource.FILE_BYTES_MAX, front.store());
  }

  private static Instant created(JsonObject manifest) {
    try {
      return Instant.parse(manifest.string("created", ""));
    } catch (DateTimeException e) {
      return Instant.EPOCH; // a forged one
    }
  }

  /** The objects of a manifest's list; nothing else that it may hold. */
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

  private static List<String> others(String id, HttpFront front) {
    List<String> keys = new ArrayList<>(front.store().list(Keys.samples(id)));
    Stream.of(
            Keys.grid(id),
            Keys.sheet(id),
            Keys.clip(id),
            Keys.lossCurve(id),
            Keys.lossLog(id),
            Keys.manifest(id))
        .filter(key -> front.store().stat(key).isPresent())
        .forEach(keys::add);
    return keys.subList(Math.max(0, keys.size() - LISTED_MAX), keys.size());
  }

  private static Map<String, Object> file(
      String id, Map<String, Object> members, Instant expires, ModelCatalog catalog) {
    Map<String, Object> file = new LinkedHashMap<>(members);
    String key = String.valueOf(members.get("key"));
    if (key.startsWith(Keys.job(id))) { // a forged manifest may name objects of other jobs
      file.put("path", path(id, key));
      file.put("link", catalog.link(key, VALIDITY));
      file.put("expires", expires.toString());
    }
    return file;
  }

  /** Links of a job itself. */
  static Map<String, Object> links(BoardJob job) {
    String self = address("/api/jobs/" + job.id());
    Map<String, Object> links = new LinkedHashMap<>();
    links.put("self", self);
    links.put("results", self + "/results");
    String next = job.state().terminal() ? "archive" : "cancel";
    links.put(next, self + "/" + next);
    for (String name : List.of("grid", "sheet", "clip", "lossCurve", "manifest")) {
      if (job.data().get(name) instanceof String key && key.startsWith(Keys.job(job.id()))) {
        links.put(name, path(job.id(), key));
      }
    }
    return links;
  }
}

package dev.mezzotint.cli.jobs;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The REST API of a worker on this machine: it answers within milliseconds, where the clients of
 * Kafka and S3 take a second to start. Every method returns empty if the worker does not answer, so
 * that the caller asks broker and store.
 *
 * @param base such as {@code http://127.0.0.1:8080}
 */
record WorkerApi(URI base) {
  private static final int TIMEOUT_MILLIS = 3_000;
  private static final int PAGE_MAX = 500;
  private static final int JOBS_MAX = 500;
  private static final int ACCEPTED = 202;

  /** The state of a job that neither the worker nor the store knows. */
  static final String UNKNOWN = "unknown";

  private record Answer(int status, JsonObject body) {}

  /** The newest jobs as their JSON members, in the order of the list. */
  Optional<List<Map<String, Object>>> jobs(@Nullable String state, int limit) {
    List<Map<String, Object>> jobs = new ArrayList<>();
    String after = "";
    do {
      String query =
          "?limit="
              + Math.min(PAGE_MAX, limit - jobs.size())
              + (state == null ? "" : "&state=" + state)
              + (after.isEmpty() ? "" : "&after=" + after);
      Optional<Answer> page = call("GET", "/api/jobs" + query, new byte[0]);
      if (page.isEmpty() || page.get().status != HttpURLConnection.HTTP_OK) {
        return Optional.empty();
      }
      JsonObject body = page.get().body;
      for (JsonObject job : body.objects("jobs", JOBS_MAX).orElse(List.of())) {
        jobs.add(members(job));
      }
      after = body.string("next", "");
    } while (!after.isEmpty() && jobs.size() < limit);
    return Optional.of(jobs);
  }

  /** A job's members; empty also if the worker does not know it (any more). */
  Optional<Map<String, Object>> job(String id) {
    return call("GET", "/api/jobs/" + id, new byte[0])
        .filter(answer -> answer.status == HttpURLConnection.HTTP_OK)
        .map(answer -> members(answer.body));
  }

  /** State of a job that is not in the worker's list: from its manifest, or {@value #UNKNOWN}. */
  Optional<String> stateOfUnlisted(String id) {
    return call("GET", "/api/jobs/" + id + "/results?limit=1", new byte[0])
        .flatMap(
            answer ->
                answer.status == HttpURLConnection.HTTP_NOT_FOUND
                    ? Optional.of(UNKNOWN)
                    : answer.body.string("state"));
  }

  /**
   * Submits a request; empty if the worker does not accept it for another reason than its contents:
   * the caller then finds the reason itself.
   *
   * @throws InvalidInputException if the request is invalid, or demands what its model does not
   *     have
   */
  Optional<String> submit(byte[] request) {
    Optional<Answer> submitted = call("POST", "/api/jobs", request);
    submitted
        .filter(answer -> answer.status == HttpURLConnection.HTTP_BAD_REQUEST)
        .ifPresent(
            answer -> {
              throw new InvalidInputException(
                  answer.body.string("field", ""),
                  answer.body.string("message", "the worker refuses the request"));
            });
    return submitted
        .filter(answer -> answer.status == ACCEPTED)
        .map(answer -> answer.body.requiredString("id"));
  }

  /** Requests a cancellation; false if the worker does not accept it. */
  boolean cancel(String id) {
    return call("POST", "/api/jobs/" + id + "/cancel", new byte[0])
        .filter(answer -> answer.status == ACCEPTED)
        .isPresent();
  }

  /** In the readable order of the API, without links and without the loss curve. */
  private static Map<String, Object> members(JsonObject job) {
    Map<String, Object> all = job.toMap();
    Map<String, Object> members = new LinkedHashMap<>();
    for (String name : job.names()) {
      if (!name.equals("links") && !name.equals("curve")) {
        members.put(name, all.get(name));
      }
    }
    return members;
  }

  private Optional<Answer> call(String method, String path, byte[] body) {
    try {
      HttpURLConnection call =
          (HttpURLConnection) base.resolve(path).toURL().openConnection(Proxy.NO_PROXY);
      call.setConnectTimeout(TIMEOUT_MILLIS);
      call.setReadTimeout(TIMEOUT_MILLIS);
      call.setRequestMethod(method);
      call.setRequestProperty("Content-Type", "application/json");
      if (method.equals("POST")) {
        call.setDoOutput(true);
        call.getOutputStream().write(body);
      }
      int status = call.getResponseCode();
      InputStream content =
          status < HttpURLConnection.HTTP_BAD_REQUEST
              ? call.getInputStream()
              : call.getErrorStream();
      if (content == null) {
        return Optional.empty();
      }
      try (content) {
        return Optional.of(new Answer(status, JsonObject.parse(content.readAllBytes())));
      }
    } catch (IOException | InvalidInputException e) {
      return Optional.empty();
    }
  }
}

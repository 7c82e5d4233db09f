import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Submits a request to Mezzotint's REST API, waits for the job and fetches its files, with the JDK
 * alone: {@code java Client.java REQUEST.json FOLDER}, {@code java Client.java cancel ID}.
 *
 * <p>WORKER_URL is the address of a worker (http://localhost:8080), WORKER_TOKEN its token. The JDK
 * reads no JSON, so members are found by a pattern; with Jackson this is shorter.
 */
public final class Client {
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private static String variable(String name, String otherwise) {
    return Optional.ofNullable(System.getenv(name)).orElse(otherwise);
  }

  /** GET, or POST if there is a body; fails with the answer if the call is refused. */
  private static byte[] call(String path, byte... body) throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(URI.create(variable("WORKER_URL", "http://localhost:8080") + path))
            .header("Content-Type", "application/json")
            .header("Authorization", "Bearer " + variable("WORKER_TOKEN", ""));
    if (body.length > 0) {
      request.POST(HttpRequest.BodyPublishers.ofByteArray(body));
    }
    var answer = HTTP.send(request.build(), BodyHandlers.ofByteArray());
    if (answer.statusCode() >= 400) {
      throw new IOException(answer.statusCode() + ": " + new String(answer.body()));
    }
    return answer.body();
  }

  /** The values of all strings of this name. */
  private static List<String> members(String name, byte[] json) {
    Pattern member = Pattern.compile("\"" + name + "\":\"([^\"]*)\"");
    return member.matcher(new String(json)).results().map(found -> found.group(1)).toList();
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    if (args[0].equals("cancel")) {
      call("/api/jobs/" + args[1] + "/cancel", "{}".getBytes());
      return;
    }
    String id = members("id", call("/api/jobs", Files.readAllBytes(Path.of(args[0])))).get(0);
    byte[] job = call("/api/jobs/" + id);
    while (List.of("queued", "running").contains(members("state", job).get(0))) {
      Thread.sleep(500);
      job = call("/api/jobs/" + id);
    }
    if (!members("state", job).get(0).equals("completed")) {
      throw new IOException(new String(job));
    }
    // Up to 500 images; the next ones are at &offset=500.
    for (String path : members("path", call("/api/jobs/" + id + "/results?limit=500"))) {
      Path target = Path.of(args[1], path.split("/" + id + "/files/")[1]);
      Files.createDirectories(target.getParent());
      Files.write(target, call(path));
    }
    System.out.println(id + " completed");
  }

  private Client() {}
}

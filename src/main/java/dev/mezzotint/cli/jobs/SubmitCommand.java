package dev.mezzotint.cli.jobs;

import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.cli.JsonOption;
import dev.mezzotint.cli.OutputPaths;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.files.SmallFile;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.ObjectTransfer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code submit}: checks requests as a worker does and sends them to a running system. */
@Command(
    name = "submit",
    description = "Send generation or training requests to a running system.",
    footer = {
      "",
      "FILE.json has one request, or one on each line. Requests without an id get one.",
      "",
      "Examples:",
      "  submit --model avatars-32 --count 4 --seed 1 --out first",
      "  submit request.json --watch",
      "  submit request.json --new-id --out poster",
      "  submit - --json < requests.jsonl"
    })
public final class SubmitCommand implements Callable<Integer> {
  private static final String USED_UP = "choose a new id, or use --new-id";

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "FILE.json",
      description = "The request or requests; - for standard input.")
  private @Nullable Path file;

  @Mixin private RequestOptions options = new RequestOptions();

  @Option(
      names = "--id",
      paramLabel = "ID",
      description = "Without a file: the job's id; default a new one.")
  private @Nullable String id;

  @Option(names = "--new-id", description = "Give each request of the file a new id.")
  private boolean newId;

  @Option(
      names = "--kind",
      paramLabel = "generation|training",
      description = "Kind of the requests; default as their fields imply.")
  private JobClient.@Nullable Kind kind;

  @Option(names = "--watch", description = "Follow the jobs until they end.")
  private boolean watch;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description =
          "Implies --watch; copy images, tables and manifest to this folder, of several jobs to a"
              + " folder for each.")
  private @Nullable Path out;

  @Mixin private JsonOption json = new JsonOption();

  private final CommandContext context;

  public SubmitCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    List<RequestFile.Checked> requests = requests(); // all are checked before one is sent
    if (out != null) {
      OutputPaths.folder("--out", out);
    }
    boolean follows = watch || out != null;
    List<RequestFile.Checked> rest = follows ? requests : submitByApi(requests);
    return rest.isEmpty() ? 0 : submitByTopic(rest, follows);
  }

  /** Submits requests to a worker on this machine; returns those that it did not accept. */
  private List<RequestFile.Checked> submitByApi(List<RequestFile.Checked> requests) {
    Optional<WorkerApi> api = context.workerApi().map(WorkerApi::new);
    if (api.isEmpty() || kind != null) { // the worker takes the kind from the fields
      return requests;
    }
    for (int i = 0; i < requests.size(); i++) {
      RequestFile.Checked request = requests.get(i);
      Optional<Map<String, Object>> before = api.get().job(request.id());
      if (api.get().submit(request.bytes()).isEmpty()) {
        return requests.subList(i, requests.size());
      }
      Optional<String> ended = before.flatMap(job -> StoredJob.ended(job, Instant.now()));
      String state = before.map(job -> String.valueOf(job.get("state"))).orElse("");
      report(request, ended, state);
    }
    return List.of();
  }

  private int submitByTopic(List<RequestFile.Checked> requests, boolean follows) {
    ObjectTransfer objects = context.objects();
    List<StoredJob> known = new ArrayList<>();
    for (RequestFile.Checked request : requests) {
      StoredJob found = StoredJob.find(objects, request.id());
      refuseUsedUp(request, found);
      known.add(found);
    }
    Instant before = Instant.now().minusSeconds(1);
    int code = 0;
    try (JobClient client = context.client()) {
      for (int i = 0; i < requests.size(); i++) {
        RequestFile.Checked request = requests.get(i);
        client.submit(request.kind(), request.id(), request.bytes());
        String state = known.get(i).end().map(end -> end.state().wireName()).orElse("");
        report(request, known.get(i).ended(Instant.now()), state);
      }
      for (RequestFile.Checked request : follows ? requests : List.<RequestFile.Checked>of()) {
        Path folder = out == null || requests.size() == 1 ? out : out.resolve(request.id());
        JobWatcher watcher = new JobWatcher(client, context, json);
        code = Math.max(code, watcher.follow(request.id(), before, SubmitCommand::isLast, folder));
        if (watcher.usesUpId()) {
          System.err.println("the id " + request.id() + " belongs to that request now: " + USED_UP);
        }
      }
    }
    return code;
  }

  private List<RequestFile.Checked> requests() throws IOException {
    Map<String, Object> members = new LinkedHashMap<>();
    if (id != null) {
      members.put("id", id);
    }
    members.putAll(options.members());
    if (file == null) {
      if (!members.containsKey("model")) {
        throw new InvalidInputException(
            "FILE.json", "a request is missing: give FILE.json, - for standard input, or --model");
      }
      return List.of(RequestFile.of(members));
    }
    if (!members.isEmpty()) {
      throw new InvalidInputException(
          "FILE.json",
          "the options " + List.copyOf(members.keySet()) + " are for requests without a file");
    }
    byte[] bytes =
        file.toString().equals("-") ? SmallFile.read(System.in, "-") : SmallFile.read(file);
    return RequestFile.read(bytes, file.toString(), newId, Optional.ofNullable(kind));
  }

  /** An id belongs to one request for ever, also if that request has failed. */
  private static void refuseUsedUp(RequestFile.Checked request, StoredJob found) {
    boolean other = found.fingerprint().filter(it -> !it.equals(request.fingerprint())).isPresent();
    if (other) {
      String ended = found.ended(Instant.now()).map(text -> ", which has " + text).orElse("");
      throw new InvalidInputException(
          "id", "id " + request.id() + " belongs to another request" + ended + ": " + USED_UP);
    }
  }

  /**
   * @param ended how the same request has ended before, such as {@code completed 3 min ago}
   * @param state of the job that ended
   */
  private void report(RequestFile.Checked request, Optional<String> ended, String state) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("type", "submitted");
    facts.put("jobId", request.id());
    facts.put("kind", request.kind().name().toLowerCase(Locale.ROOT));
    if (ended.isPresent()) {
      facts.put("already", state);
    }
    json.status(
        ended
            .map(text -> request.id() + " has already " + text + "; nothing is computed again")
            .orElse("submitted " + request.id()),
        facts);
  }

  /** Also after a rejection: the id belongs to another job. */
  private static boolean isLast(JobEvent event) {
    return event.type().terminal() || event.type() == JobEvent.Type.REJECTED;
  }
}

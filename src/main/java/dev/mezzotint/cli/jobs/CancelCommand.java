package dev.mezzotint.cli.jobs;

import dev.mezzotint.board.BoardJob;
import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.cli.JsonOption;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.delivery.Manifest;
import dev.mezzotint.job.JobId;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cancel}: requests the cancellation of a job that is queued or running. */
@Command(
    name = "cancel",
    description = "Cancel a queued or running job.",
    footer = {
      "",
      "Exits with 1 if the job is unknown or has ended.",
      "",
      "Examples:",
      "  cancel poster-0042",
      "  cancel poster-0043 --force"
    })
public final class CancelCommand implements Callable<Integer> {
  private static final int NOT_CANCELLED = 1;

  @Parameters(index = "0", paramLabel = "ID", description = "The id of the job.")
  private String id = "";

  @Option(
      names = "--force",
      description = "Also cancel a job that is not known yet: its request may arrive later.")
  private boolean force;

  @Mixin private JsonOption json = new JsonOption();

  private final CommandContext context;

  public CancelCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    JobId job = new JobId(id);
    Optional<WorkerApi> api = context.workerApi().map(WorkerApi::new);
    Optional<Map<String, Object>> known = api.flatMap(worker -> worker.job(job.value()));
    if (known.isPresent()) {
      Optional<String> ended = StoredJob.ended(known.get(), Instant.now());
      if (ended.isPresent()) {
        String state = String.valueOf(known.get().get("state"));
        return refuse(state, "job " + id + " has already " + ended.get() + ": nothing to cancel");
      }
      if (api.get().cancel(job.value())) {
        return requested();
      }
    }
    StoredJob stored = StoredJob.find(context.objects(), job.value());
    Optional<String> ended = stored.ended(Instant.now());
    if (ended.isPresent()) {
      String state = stored.end().map(Manifest::state).orElseThrow().wireName();
      return refuse(state, "job " + id + " has already " + ended.get() + ": nothing to cancel");
    }
    try (JobClient client = context.client()) {
      if (!force && stored.taken().isEmpty()) {
        // Queued jobs are known from their topic alone.
        Optional<BoardJob> listed =
            client.jobs().stream().filter(one -> one.id().equals(job.value())).findFirst();
        if (listed.isEmpty()) {
          return refuse(
              "unknown",
              "there is no job " + id + "; --force cancels it in case its request arrives later");
        }
        if (listed.get().state().terminal()) {
          String state = listed.get().state().wireName();
          return refuse(state, "job " + id + " has ended, it is " + state + ": nothing to cancel");
        }
      }
      client.cancel(job.value());
    }
    return requested();
  }

  private int requested() {
    json.status(
        "cancellation requested for " + id + "; run 'mezzotint watch " + id + "' for the outcome",
        Map.of("jobId", id, "cancelRequested", true));
    return 0;
  }

  private int refuse(String state, String reason) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("jobId", id);
    facts.put("cancelRequested", false);
    facts.put("state", state);
    json.status(reason, facts);
    return NOT_CANCELLED;
  }
}

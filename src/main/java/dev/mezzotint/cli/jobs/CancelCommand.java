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
    return api.flatMap(worker -> byApi(worker, job)).orElseGet(() -> byTopic(job));
  }

  /** Asks a worker on this machine; empty if it does not answer. */
  private Optional<Integer> byApi(WorkerApi worker, JobId job) {
    Optional<Map<String, Object>> listed = worker.job(job.value());
    Optional<String> ended = listed.flatMap(one -> StoredJob.ended(one, Instant.now()));
    if (ended.isPresent()) {
      return Optional.of(refuseEnded(String.valueOf(listed.get().get("state")), ended.get()));
    }
    if (listed.isEmpty()) {
      Optional<String> state = worker.stateOfUnlisted(job.value());
      if (state.isEmpty()) {
        return Optional.empty();
      }
      boolean unknown = state.get().equals(WorkerApi.UNKNOWN);
      if (!unknown) {
        return Optional.of(refuseEnded(state.get(), state.get()));
      }
      if (!force) {
        return Optional.of(refuseUnknown());
      }
    }
    return worker.cancel(job.value()) ? Optional.of(requested()) : Optional.empty();
  }

  private int byTopic(JobId job) {
    StoredJob stored = StoredJob.find(context.objects(), job.value());
    Optional<String> ended = stored.ended(Instant.now());
    if (ended.isPresent()) {
      String state = stored.end().map(Manifest::state).orElseThrow().wireName();
      return refuseEnded(state, ended.get());
    }
    try (JobClient client = context.client()) {
      if (!force && stored.taken().isEmpty()) {
        // Queued jobs are known from their topic alone.
        Optional<String> state =
            client.jobs().stream()
                .filter(one -> one.id().equals(job.value()))
                .map(BoardJob::state)
                .map(one -> one.terminal() ? one.wireName() : "")
                .findFirst();
        if (state.isEmpty()) {
          return refuseUnknown();
        }
        if (!state.get().isEmpty()) {
          return refuseEnded(state.get(), state.get());
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

  private int refuseUnknown() {
    return refuse(
        WorkerApi.UNKNOWN,
        "there is no job " + id + "; --force cancels it in case its request arrives later");
  }

  /**
   * @param ended after "has already", such as {@code completed 3 min ago}
   */
  private int refuseEnded(String state, String ended) {
    return refuse(state, "job " + id + " has already " + ended + ": nothing to cancel");
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

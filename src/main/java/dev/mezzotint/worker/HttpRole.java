package dev.mezzotint.worker;

import dev.mezzotint.board.JobBoard;
import dev.mezzotint.board.JobBoardFeed;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.client.MezzotintClient;
import dev.mezzotint.files.FileErrors;
import dev.mezzotint.generation.input.ConditionLookup;
import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.http.EventStreams;
import dev.mezzotint.http.HttpFront;
import dev.mezzotint.http.HttpSettings;
import dev.mezzotint.http.JobWaits;
import dev.mezzotint.http.ModelCatalog;
import dev.mezzotint.job.WebhookHosts;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.Previews;
import dev.mezzotint.sampling.StepLoop;
import dev.mezzotint.sampling.StepLoopMetrics;
import dev.mezzotint.storage.InputRule;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.StoredObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The HTTP front of the role {@code control}, with the job board, the client that publishes
 * requests, and the list of models. Safe for use by many threads.
 */
final class HttpRole implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(HttpRole.class.getName());
  private static final int JOBS_MAX = 2_000;
  private static final int MODELS_MAX = 200;
  private static final Duration CATCH_UP = Duration.ofSeconds(5);
  private static final int TOKEN_FILE_MAX = 4_096;
  private static final String SAMPLES = "samples.png";
  private static final long MODELS_NANOS = Duration.ofSeconds(5).toNanos();

  private final JobBoard board;
  private final JobBoardFeed feed;
  private final JobClient client;
  private final EventStreams streams;
  private final ConditionLookup conditions;
  private final HttpFront front;

  /**
   * Starts at once.
   *
   * @param loop of this worker, if it has the role generation
   * @param previews of that loop
   */
  HttpRole(
      WorkerConfig settings,
      Connections connections,
      Optional<StepLoop> loop,
      Optional<Previews> previews) {
    HttpSettings access = access(settings.front()).withWebhooks(settings.webhookHosts());
    client = new MezzotintClient(connections.kafka());
    Supplier<Map<String, Object>> metrics =
        () -> loop.map(l -> members(l.metrics())).orElse(Map.of());
    streams = new EventStreams(metrics);
    JobWaits waits = new JobWaits();
    board =
        new JobBoard(
            JOBS_MAX,
            job -> {
              streams.changed(job);
              waits.changed(job);
            });
    feed =
        new JobBoardFeed(connections.kafka(), connections.topics(), board, connections::cancelled);
    conditions =
        new ConditionLookup(
            connections.store(), settings.inputs().orElse(InputRule.ANY), GenerationLimits.DEFAULT);
    front =
        new HttpFront(
            access,
            board,
            streams,
            waits,
            connections.store(),
            client,
            new Models(settings, connections),
            metrics,
            id -> previews.map(all -> all.read(id)).orElse(List.of()),
            feed::request,
            (id, part, name) -> conditions.read(id, () -> feed.request(id), part, name));
    try {
      if (!feed.awaitCaughtUp(CATCH_UP)) {
        LOG.log(System.Logger.Level.INFO, "The list of jobs is incomplete: it is still being read");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Reads who may call.
   *
   * @throws InvalidInputException if other machines could call without a token, or the token is too
   *     short
   */
  static HttpSettings access(HttpConfig switches) {
    Optional<String> token =
        secret(switches.token(), switches.tokenFile(), "mezzotint.http-token-file");
    if (token.isPresent() && token.get().length() < HttpSettings.TOKEN_CHARS_MIN) {
      throw new InvalidInputException(
          "mezzotint.http-token",
          "the token of MEZZOTINT_HTTP_TOKEN or MEZZOTINT_HTTP_TOKEN_FILE must have "
              + HttpSettings.TOKEN_CHARS_MIN
              + " characters or more");
    }
    if (!switches.loopback() && token.isEmpty()) {
      throw new InvalidInputException(
          "mezzotint.http-token",
          "MEZZOTINT_HTTP_TOKEN or MEZZOTINT_HTTP_TOKEN_FILE is missing: with MEZZOTINT_PAGE=on"
              + " and MEZZOTINT_HTTP_HOST="
              + switches.host()
              + " other machines can reach the page");
    }
    return new HttpSettings(
        switches.loopback(),
        switches.names().orElse(List.of()),
        token,
        switches.uploadBytes(),
        WebhookHosts.of(List.of()));
  }

  /**
   * A secret that is a setting itself, or the content of a file.
   *
   * @param setting that names the file
   * @throws InvalidInputException naming the setting, if the file cannot be read or is not short
   */
  static Optional<String> secret(Optional<String> given, Optional<Path> file, String setting) {
    return given.or(() -> file.map(path -> read(path, setting)));
  }

  private static String read(Path file, String setting) {
    try {
      if (Files.size(file) <= TOKEN_FILE_MAX) {
        return Files.readString(file).strip();
      }
    } catch (IOException e) {
      // refused below
    }
    throw new InvalidInputException(
        setting,
        "%s %s cannot be read or is not a short text file"
            .formatted(ConfigReader.environmentVariable(setting), file));
  }

  private static Map<String, Object> members(StepLoopMetrics figures) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("passes", figures.passes());
    map.put("rowSteps", figures.rowSteps());
    map.put("spareRows", figures.paddingRows());
    map.put("stepSeconds", figures.stepNanos() / 1e9);
    map.put("rowsWaiting", figures.waiting());
    map.put("rowsUnderWay", figures.running());
    map.put("modelBytes", figures.modelBytes());
    return map;
  }

  HttpFront front() {
    return front;
  }

  /** Marks a job whose cancellation is requested. */
  void cancelRequested(String jobId) {
    board.cancelRequested(jobId);
  }

  @Override
  public void close() {
    streams.close();
    feed.close();
    conditions.close();
    client.close();
  }

  /** Lists the bundled models, then those of the store. Safe for use by many threads. */
  private static final class Models implements ModelCatalog {
    private final WorkerConfig settings;
    private final Connections connections;
    private final ModelFinder finder;
    private final StoredModels stored;

    // Guarded by this. Described models by name and version, which never change.
    private final Map<String, StoredModels.Described> described = new HashMap<>();

    private final Map<String, Boolean> drawn = new HashMap<>();

    private List<Model> last = List.of();
    private long listed = System.nanoTime() - MODELS_NANOS - 1;

    Models(WorkerConfig settings, Connections connections) {
      this.settings = settings;
      this.connections = connections;
      this.finder = new ModelFinder(settings, connections.store());
      this.stored = ModelFinder.storedModels(settings, connections.store());
    }

    @Override
    public synchronized List<Model> models() {
      if (System.nanoTime() - listed > MODELS_NANOS) {
        last = read();
        listed = System.nanoTime();
      }
      return last;
    }

    private List<Model> read() {
      List<Model> all = new ArrayList<>();
      for (String name : ModelFolder.names(settings.models())) {
        add(
            all,
            name,
            () -> {
              ModelFiles files = finder.named(name);
              return Model.of(
                  name,
                  files.version(),
                  files.config(),
                  files.card(),
                  /* newest= */ true,
                  /* published= */ null,
                  bundledSamples(name).isPresent());
            });
      }
      // Newest versions first: a store that is full of old ones still shows those in use.
      Map<String, StoredModels.Version> versions = new LinkedHashMap<>();
      stored.versions().stream()
          .sorted((a, b) -> Boolean.compare(b.newest(), a.newest()))
          .limit(MODELS_MAX)
          .forEach(of -> versions.put(of.name() + "@" + of.version(), of));
      described.keySet().retainAll(versions.keySet());
      drawn.keySet().retainAll(versions.keySet());
      versions.forEach(
          (reference, of) ->
              add(
                  all,
                  reference,
                  () -> {
                    StoredModels.Described model =
                        described.computeIfAbsent(
                            reference, absent -> stored.describe(of.name(), of.version()));
                    return Model.of(
                        of.name(),
                        of.version(),
                        model.config(),
                        model.card(),
                        of.newest(),
                        of.published().toString(),
                        drawn.computeIfAbsent(
                            reference,
                            absent ->
                                connections
                                    .store()
                                    .stat(samplesKey(of.name(), of.version()))
                                    .isPresent()));
                  }));
      return all;
    }

    private static void add(List<Model> all, String name, Supplier<Model> model) {
      try {
        all.add(model.get());
      } catch (InvalidInputException | UncheckedIOException e) {
        LOG.log(
            System.Logger.Level.DEBUG,
            "Model {0} is not listed: {1}",
            name,
            FileErrors.describe(e));
      }
    }

    private static String samplesKey(String name, String version) {
      return Keys.modelFile(name, version, SAMPLES);
    }

    /** Samples, or for a model with conditions its evaluation, which shows them side by side. */
    private Optional<Path> bundledSamples(String name) {
      return Stream.of(SAMPLES, "evaluation.png")
          .map(file -> settings.models().resolve(name).resolve(file))
          .filter(Files::isRegularFile)
          .findFirst();
    }

    @Override
    public Optional<byte[]> samples(String reference) {
      Optional<Model> model =
          models().stream().filter(each -> each.reference().equals(reference)).findFirst();
      if (model.isEmpty() || !model.get().samples()) {
        return Optional.empty();
      }
      if (!model.get().bundled()) {
        return connections
            .store()
            .get(samplesKey(model.get().name(), model.get().version()))
            .map(StoredObject::bytes);
      }
      return bundledSamples(model.get().name())
          .map(
              file -> {
                try {
                  return Files.readAllBytes(file);
                } catch (IOException e) {
                  throw new UncheckedIOException(file + " cannot be read", e);
                }
              });
    }

    @Override
    public void check(GenerationRequest request) {
      try {
        ModelFiles files = finder.described(request.model());
        ModelInfo.of(files).checkClassLabel("classLabel", request.classLabel());
      } catch (UncheckedIOException e) {
        // A fault of this machine's disk: the worker that takes the request may be another.
        LOG.log(System.Logger.Level.WARNING, "A model cannot be read: {0}", FileErrors.describe(e));
      }
    }

    @Override
    public String link(String key, Duration validity) {
      return connections.link(key, validity);
    }
  }
}

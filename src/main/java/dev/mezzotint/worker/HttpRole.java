package dev.mezzotint.worker;

import dev.mezzotint.board.JobBoard;
import dev.mezzotint.board.JobBoardFeed;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.http.ApiRouter;
import dev.mezzotint.http.EventStreams;
import dev.mezzotint.http.HttpSettings;
import dev.mezzotint.http.ModelCatalog;
import dev.mezzotint.http.RequestPublisher;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.kafka.Topics;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.sampling.Previews;
import dev.mezzotint.sampling.StepLoop;
import dev.mezzotint.sampling.StepLoopMetrics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * The HTTP front of the role {@code control}, with what fills it: the board of jobs, the way of
 * requests, the shelf of models. Safe for use by many threads.
 */
final class HttpRole implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(HttpRole.class.getName());
  private static final int JOBS_MAX = 2_000;
  private static final int MODELS_MAX = 200;
  private static final Duration CATCH_UP = Duration.ofSeconds(5);
  private static final int TOKEN_FILE_MAX = 4_096;

  private final JobBoard board;
  private final JobBoardFeed feed;
  private final JobClient client;
  private final ApiRouter front;

  /**
   * Begins at once.
   *
   * @param topics request topics by kind of job
   * @param loop of this worker, if it makes pictures
   * @param previews of that loop
   */
  HttpRole(
      WorkerConfig settings,
      Connections connections,
      Map<String, List<String>> topics,
      Optional<StepLoop> loop,
      Optional<Previews> previews) {
    HttpSettings access = access(settings.front());
    client = new JobClient(connections.kafka());
    EventStreams streams =
        new EventStreams(() -> loop.map(l -> members(l.metrics())).orElse(Map.of()));
    board = new JobBoard(JOBS_MAX, streams::changed);
    feed = new JobBoardFeed(connections.kafka(), topics, board, connections::cancelled);
    front =
        new ApiRouter(
            access,
            board,
            streams,
            connections.store(),
            outbox(connections.kafka().topics()),
            new Models(settings, connections),
            () -> loop.map(l -> members(l.metrics())).orElse(Map.of()),
            id -> previews.map(all -> all.read(id)).orElse(List.of()));
    try {
      if (!feed.awaitCaughtUp(CATCH_UP)) {
        LOG.log(System.Logger.Level.INFO, "The list of jobs is still being read");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Who may call.
   *
   * @throws InvalidInputException if it would listen to everybody, or the token is none
   */
  static HttpSettings access(HttpConfig switches) {
    Optional<String> token =
        switches.token().or(() -> switches.tokenFile().map(HttpRole::readToken));
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
              + " others can reach the page");
    }
    return new HttpSettings(switches.loopback(), switches.names(), token);
  }

  private static String readToken(Path file) {
    try {
      if (Files.size(file) <= TOKEN_FILE_MAX) {
        return Files.readString(file).strip();
      }
    } catch (IOException e) {
      // refused below
    }
    throw new InvalidInputException(
        "mezzotint.http-token-file",
        "MEZZOTINT_HTTP_TOKEN_FILE " + file + " cannot be read, or is no short text file");
  }

  private RequestPublisher outbox(Topics topics) {
    return new RequestPublisher() {
      @Override
      public void submit(boolean training, String id, byte[] json) {
        client.submit(training ? topics.trainingRequests() : topics.generationRequests(), id, json);
      }

      @Override
      public void cancel(String id) {
        client.cancel(id);
      }
    };
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

  ApiRouter front() {
    return front;
  }

  /** Somebody has called this job off. */
  void calledOff(String jobId) {
    board.cancelRequested(jobId);
  }

  @Override
  public void close() {
    front.close();
    feed.close();
    client.close();
  }

  /** The bundled models, then those of the store. Safe for use by many threads. */
  private static final class Models implements ModelCatalog {
    private final WorkerConfig settings;
    private final Connections connections;
    private final ModelFinder finder;
    private final StoredModels stored;

    /** By name and version, which never change; no more than are listed. */
    private final Map<String, StoredModels.Described> described = new ConcurrentHashMap<>();

    Models(WorkerConfig settings, Connections connections) {
      this.settings = settings;
      this.connections = connections;
      this.finder = new ModelFinder(settings, connections.store());
      this.stored = settings.storedModels(connections.store());
    }

    @Override
    public List<Entry> models() {
      List<Entry> all = new ArrayList<>();
      for (String name : bundled()) {
        listed(
            name,
            () -> {
              ModelFiles files = finder.named(name);
              all.add(new Entry(name, files.version(), files.config(), files.card(), true, ""));
            });
      }
      // Newest versions first: a store that is full of old ones still shows what is in use.
      List<StoredModels.Version> versions =
          stored.versions().stream()
              .sorted((a, b) -> Boolean.compare(b.newest(), a.newest()))
              .limit(MODELS_MAX)
              .toList();
      described
          .keySet()
          .retainAll(versions.stream().map(v -> v.name() + "@" + v.version()).toList());
      for (StoredModels.Version of : versions) {
        String reference = of.name() + "@" + of.version();
        listed(
            reference,
            () -> {
              StoredModels.Described model =
                  described.computeIfAbsent(
                      reference, absent -> stored.describe(of.name(), of.version()));
              all.add(
                  new Entry(
                      of.name(),
                      of.version(),
                      model.config(),
                      model.card(),
                      of.newest(),
                      of.published().toString()));
            });
      }
      return all;
    }

    private static void listed(String name, Runnable look) {
      try {
        look.run();
      } catch (InvalidInputException | UncheckedIOException e) {
        LOG.log(System.Logger.Level.DEBUG, "Model {0} is not listed: {1}", name, e.getMessage());
      }
    }

    private List<String> bundled() {
      if (!Files.isDirectory(settings.models())) {
        return List.of();
      }
      try (Stream<Path> folders = Files.list(settings.models())) {
        return folders
            .filter(folder -> Files.exists(folder.resolve("config.json")))
            .map(folder -> folder.getFileName().toString())
            .sorted()
            .toList();
      } catch (IOException e) {
        throw new UncheckedIOException(settings.models() + " cannot be read", e);
      }
    }

    @Override
    public String link(String key, Duration validity) {
      return connections.link(key, validity);
    }
  }
}

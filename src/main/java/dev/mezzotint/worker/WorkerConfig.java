package dev.mezzotint.worker;

import dev.mezzotint.autoscaling.PodConfig;
import dev.mezzotint.job.WorkerRole;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.kafka.RequestQueue;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.network.Precision;
import dev.mezzotint.s3.S3Settings;
import dev.mezzotint.sampling.StepLoopSettings;
import dev.mezzotint.storage.InputRule;
import dev.mezzotint.storage.ObjectStore;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.config.Config;

/**
 * The configuration, read once. Every key may come from a system property, an environment variable
 * (upper case, other signs as {@code _}) or {@code application.properties}; {@code
 * docs/operations.md} lists them.
 *
 * @param bootstrapServers {@code kafka.bootstrap.servers}
 * @param kafka all other {@code kafka.*} keys, for every Kafka client
 * @param store {@code s3.*}: endpoint, access-key, secret-key, bucket, region
 * @param data {@code mezzotint.data}: folder of the embedded broker and store and of brought models
 * @param models {@code mezzotint.models}: folder of the bundled models
 * @param precision {@code mezzotint.precision}: of sampling; empty for what suits the device
 * @param lanes {@code mezzotint.lanes}: jobs in hand at once
 * @param slots {@code mezzotint.slots}: rows of one model under way at once
 * @param passRows {@code mezzotint.pass-rows}: rows of the largest pass
 * @param deterministic {@code mezzotint.deterministic}: rows of every pass; 0 to let speed decide
 * @param modelBytes {@code mezzotint.model-megabytes} in bytes: memory for models on the device; 0
 *     for a share of what there is
 * @param modelCacheBytes {@code mezzotint.model-cache-megabytes} in bytes: models brought from the
 *     store to this disk
 * @param queue {@code mezzotint.queue}: {@code share-group} or {@code consumer-group}
 * @param priorityTopics {@code mezzotint.priority-topics}: also read the {@code .high} and {@code
 *     .low} twins of the request topic
 * @param roles {@code mezzotint.roles}: what this process does
 * @param sweepAfter {@code mezzotint.sweep-after-seconds}: between a job's end and the removal of
 *     what its dead attempts left
 * @param training of role {@code training}
 * @param scaler of role {@code control}
 * @param front of role {@code control}: HTTP and the page
 * @param conditionalWritesNeeded {@code mezzotint.conditional-writes}: whether to run only with a
 *     store that honours them
 * @param inputs {@code mezzotint.inputs}: prefixes of the objects that requests may name
 * @param jsonLog {@code mezzotint.log}: {@code text} or {@code json}
 * @param worker {@code mezzotint.worker}: name of this process, unique among those that run
 */
public record WorkerConfig(
    Optional<String> bootstrapServers,
    Map<String, String> kafka,
    Optional<Store> store,
    Path data,
    Path models,
    String device,
    int threads,
    Optional<Precision> precision,
    int lanes,
    int slots,
    int passRows,
    int deterministic,
    long modelBytes,
    long modelCacheBytes,
    String group,
    String topicPrefix,
    RequestQueue.Kind queue,
    boolean priorityTopics,
    Optional<Duration> lock,
    Duration drain,
    Set<WorkerRole> roles,
    Duration sweepAfter,
    TrainingConfig training,
    ScalerConfig scaler,
    HttpConfig front,
    Optional<PodConfig> pod,
    boolean conditionalWritesNeeded,
    InputRule inputs,
    boolean jsonLog,
    String worker) {

  /** Where the object store is. */
  public record Store(
      String endpoint,
      String accessKey,
      String secretKey,
      Optional<S3Settings.KeyPair> keyFiles,
      String bucket,
      String region) {
    /** Without the keys: settings end up in messages. */
    @Override
    public String toString() {
      return "Store[" + endpoint + ", " + bucket + "]";
    }
  }

  static final String BUCKET_DEFAULT = "mezzotint";

  private static final long MEGABYTE = 1_000_000;
  private static final int DAY_SECONDS = 24 * 3600;
  private static final int SWEEP_SECONDS_MAX = 30 * DAY_SECONDS;

  public static WorkerConfig read(Config config) {
    String device = text(config, "mezzotint.device").orElse("cpu");
    // Passes of a GPU cost the same up to many rows, those of a CPU do not.
    int passRows = integer(config, "mezzotint.pass-rows", 1, 1024, device.equals("cpu") ? 16 : 64);
    // A row between two steps holds its slot: twice as many slots let small jobs pass large ones.
    int slots = integer(config, "mezzotint.slots", 1, 4096, 2 * passRows);
    Optional<String> endpoint = text(config, "s3.endpoint");
    return new WorkerConfig(
        text(config, "kafka.bootstrap.servers"),
        kafka(config),
        endpoint.map(url -> store(config, url)),
        Path.of(text(config, "mezzotint.data").orElse("mezzotint-data")),
        text(config, "mezzotint.models").map(Path::of).orElseGet(Installation::models),
        device,
        integer(config, "mezzotint.threads", 0, 1024, 0),
        precision(config),
        integer(config, "mezzotint.lanes", 1, 200, lanes(slots)),
        slots,
        passRows,
        integer(config, "mezzotint.deterministic", 0, StepLoopSettings.PINNED_MAX, 0),
        MEGABYTE * integer(config, "mezzotint.model-megabytes", 0, 1 << 20, 0),
        MEGABYTE * integer(config, "mezzotint.model-cache-megabytes", 1, 1 << 30, 5_000),
        text(config, "mezzotint.group").orElse("mezzotint"),
        text(config, "mezzotint.topics.prefix").orElse("mezzotint"),
        RequestQueue.Kind.of(
            word(config, "mezzotint.queue", RequestQueue.Kind.WORDS, "share-group")),
        word(config, "mezzotint.priority-topics", List.of("true", "false"), "false").equals("true"),
        seconds(config, "mezzotint.lock-seconds"),
        seconds(config, "mezzotint.drain-seconds").orElse(Duration.ofSeconds(20)),
        roles(config),
        Duration.ofSeconds(
            integer(config, "mezzotint.sweep-after-seconds", 1, SWEEP_SECONDS_MAX, 3600)),
        training(config),
        scaler(config),
        front(config),
        pod(config),
        word(config, "mezzotint.conditional-writes", List.of("needed", "unneeded"), "needed")
            .equals("needed"),
        inputs(config),
        word(config, "mezzotint.log", List.of("text", "json"), "text").equals("json"),
        text(config, "mezzotint.worker").orElseGet(WorkerConfig::processName));
  }

  /** The models of a store, with those that were brought from it so far. */
  StoredModels storedModels(ObjectStore from) {
    return new StoredModels(from, data.resolve("models"), modelCacheBytes);
  }

  /**
   * Half as many as slots: requests have several pictures on average, and while one is being stored
   * another must be there. No more than 32, since a share group takes 200 members.
   */
  private static int lanes(int slots) {
    return Math.max(8, Math.min(32, slots / 2));
  }

  private static InputRule inputs(Config config) {
    String[] prefixes =
        text(config, "mezzotint.inputs").map(list -> list.split(" *, *", -1)).orElse(new String[0]);
    try {
      return new InputRule(List.of(prefixes));
    } catch (InvalidInputException e) {
      throw new InvalidInputException("mezzotint.inputs", "MEZZOTINT_INPUTS: " + e.getMessage(), e);
    }
  }

  private static TrainingConfig training(Config config) {
    return new TrainingConfig(
        integer(config, "mezzotint.training-lanes", 1, 16, 1),
        Duration.ofSeconds(
            integer(config, "mezzotint.training-segment-seconds", 1, DAY_SECONDS, 900)),
        Duration.ofSeconds(integer(config, "mezzotint.training-lease-seconds", 3, 3600, 60)),
        text(config, "mezzotint.datasets").map(Path::of),
        MEGABYTE * integer(config, "mezzotint.dataset-cache-megabytes", 1, 1 << 30, 20_000));
  }

  private static ScalerConfig scaler(Config config) {
    return new ScalerConfig(
        text(config, "mezzotint.scaler-host").orElse("127.0.0.1"),
        integer(config, "mezzotint.scaler-port", 0, 65_535, 0),
        jobSeconds(config, "mezzotint.generation-job-seconds", 5),
        jobSeconds(config, "mezzotint.training-job-seconds", 3600));
  }

  private static HttpConfig front(Config config) {
    return new HttpConfig(
        word(config, "mezzotint.page", List.of("auto", "on", "off"), "auto"),
        text(config, "quarkus.http.host").orElse("127.0.0.1"),
        text(config, "mezzotint.http-names")
            .map(names -> List.of(names.split("\\s*,\\s*", -1)))
            .orElse(List.of()),
        text(config, "mezzotint.http-token"),
        text(config, "mezzotint.http-token-file").map(Path::of));
  }

  private static Optional<PodConfig> pod(Config config) {
    URI server =
        URI.create(text(config, "mezzotint.kubernetes").orElse("https://kubernetes.default.svc"));
    Path account =
        Path.of(
            text(config, "mezzotint.service-account")
                .orElse("/var/run/secrets/kubernetes.io/serviceaccount"));
    return text(config, "mezzotint.pod").map(name -> new PodConfig(name, server, account));
  }

  private static double jobSeconds(Config config, String key, double otherwise) {
    Optional<String> text = text(config, key);
    try {
      double value = text.map(Double::parseDouble).orElse(otherwise);
      if (value >= 0.001 && value <= 30.0 * DAY_SECONDS) {
        return value;
      }
    } catch (NumberFormatException e) {
      // refused below, as a number out of range is
    }
    throw new InvalidInputException(
        key,
        environment(key)
            + " must be a number of seconds from 0.001 to "
            + 30 * DAY_SECONDS
            + ", not "
            + text.orElse(""));
  }

  private static Store store(Config config, String endpoint) {
    Optional<String> access = text(config, "s3.access-key-file");
    Optional<String> secret = text(config, "s3.secret-key-file");
    if (access.isPresent() != secret.isPresent()) {
      throw new InvalidInputException(
          "s3.access-key-file", "S3_ACCESS_KEY_FILE and S3_SECRET_KEY_FILE are given together");
    }
    return new Store(
        endpoint,
        access.isPresent() ? "" : required(config, "s3.access-key"),
        secret.isPresent() ? "" : required(config, "s3.secret-key"),
        access.map(file -> new S3Settings.KeyPair(Path.of(file), Path.of(secret.orElseThrow()))),
        text(config, "s3.bucket").orElse(BUCKET_DEFAULT),
        text(config, "s3.region").orElse("us-east-1"));
  }

  private static String required(Config config, String key) {
    return text(config, key)
        .orElseThrow(
            () ->
                new InvalidInputException(
                    key,
                    environment(key)
                        + " is missing: it, or "
                        + environment(key)
                        + "_FILE, is needed with S3_ENDPOINT"));
  }

  /** All that stands under {@code kafka.} goes to the clients as it is, without the prefix. */
  private static Map<String, String> kafka(Config config) {
    Map<String, String> properties = new LinkedHashMap<>();
    for (String key : config.getPropertyNames()) {
      if (key.startsWith("kafka.") && !key.equals("kafka.bootstrap.servers")) {
        text(config, key)
            .ifPresent(value -> properties.put(key.substring("kafka.".length()), value));
      }
    }
    for (Map.Entry<String, String> variable : System.getenv().entrySet()) {
      String name = variable.getKey();
      if (name.startsWith("KAFKA_") && !name.equals("KAFKA_BOOTSTRAP_SERVERS")) {
        properties.putIfAbsent(
            name.substring("KAFKA_".length()).toLowerCase(java.util.Locale.ROOT).replace('_', '.'),
            variable.getValue());
      }
    }
    jaasOfFile(properties);
    return properties;
  }

  /** The one property that holds a password and has no file of its own in Kafka's clients. */
  private static void jaasOfFile(Map<String, String> properties) {
    String file = properties.remove("sasl.jaas.config.file");
    if (file == null) {
      return;
    }
    try {
      properties.put("sasl.jaas.config", Files.readString(Path.of(file)).strip());
    } catch (java.io.IOException e) {
      throw new InvalidInputException(
          "kafka.sasl.jaas.config.file",
          "KAFKA_SASL_JAAS_CONFIG_FILE " + file + " cannot be read",
          e);
    }
  }

  private static Optional<String> text(Config config, String key) {
    return config.getOptionalValue(key, String.class).map(String::strip).filter(s -> !s.isEmpty());
  }

  private static int integer(Config config, String key, int min, int max, int otherwise) {
    Optional<String> text = text(config, key);
    if (text.isEmpty()) {
      return otherwise;
    }
    try {
      int value = Integer.parseInt(text.get());
      if (value >= min && value <= max) {
        return value;
      }
    } catch (NumberFormatException e) {
      // refused below, as a number out of range is
    }
    throw new InvalidInputException(
        key,
        environment(key)
            + " must be an integer from "
            + min
            + " to "
            + max
            + ", not "
            + text.get());
  }

  private static Set<WorkerRole> roles(Config config) {
    String words = text(config, "mezzotint.roles").orElse(String.join(",", WorkerRole.WORDS));
    Set<WorkerRole> roles = EnumSet.noneOf(WorkerRole.class);
    for (String word : words.split(",", -1)) {
      if (!WorkerRole.WORDS.contains(word.strip())) {
        throw new InvalidInputException(
            "mezzotint.roles",
            "MEZZOTINT_ROLES must be some of "
                + String.join(", ", WorkerRole.WORDS)
                + " with commas between them, not "
                + words);
      }
      roles.add(WorkerRole.of(word.strip()));
    }
    return roles;
  }

  private static String word(Config config, String key, List<String> known, String otherwise) {
    String word = text(config, key).orElse(otherwise);
    if (!known.contains(word)) {
      throw new InvalidInputException(
          key, environment(key) + " must be one of " + String.join(", ", known) + ", not " + word);
    }
    return word;
  }

  private static Optional<Precision> precision(Config config) {
    String word = word(config, "mezzotint.precision", List.of("auto", "float32", "bf16"), "auto");
    return Arrays.stream(Precision.values()).filter(one -> one.wireName().equals(word)).findFirst();
  }

  private static Optional<Duration> seconds(Config config, String key) {
    int value = integer(config, key, 0, 3600, 0);
    return value == 0 ? Optional.empty() : Optional.of(Duration.ofSeconds(value));
  }

  private static String environment(String key) {
    return key.toUpperCase(java.util.Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  /** The host's name and the process's number. */
  private static String processName() {
    String host = System.getenv().getOrDefault("HOSTNAME", "");
    if (host.isEmpty() && Files.isReadable(Path.of("/etc/hostname"))) {
      try {
        host = Files.readString(Path.of("/etc/hostname")).strip();
      } catch (java.io.IOException e) {
        host = "worker";
      }
    }
    return (host.isEmpty() ? "worker" : host) + "-" + ProcessHandle.current().pid();
  }
}

package dev.mezzotint.worker;

import dev.mezzotint.job.WebhookHosts;
import dev.mezzotint.job.WorkerRole;
import dev.mezzotint.kafka.RequestQueue;
import dev.mezzotint.network.Engine;
import dev.mezzotint.network.Precision;
import dev.mezzotint.sampling.StepLoopSettings;
import dev.mezzotint.storage.InputRule;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithConverter;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithName;
import io.smallrye.config.WithParentName;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.config.Config;

/**
 * The configuration of a worker and of the commands that talk to one. Each setting may come from an
 * environment variable ({@code MEZZOTINT_PASS_ROWS}), a system property ({@code
 * mezzotint.pass-rows}) or {@code application.properties}. Settings of broker and store have no
 * {@code mezzotint.} in front. {@link ConfigReader} checks all of them.
 */
@ConfigMapping(prefix = "mezzotint")
public interface WorkerConfig {
  /** The bucket where none is configured, and that of the embedded store. */
  String BUCKET_DEFAULT = "mezzotint";

  /**
   * Reads and checks all settings.
   *
   * @throws dev.mezzotint.json.InvalidInputException if a name is unknown or a value is invalid;
   *     the message names the environment variable and what would be right
   */
  static WorkerConfig read(Config config) {
    return ConfigReader.read(config);
  }

  @Setting(
      value = "Kafka brokers, 4.2 or newer (older ones: `MEZZOTINT_QUEUE`). Requires `S3_ENDPOINT`",
      shown = "none: embedded")
  @WithName("kafka.bootstrap.servers")
  Optional<String> bootstrapServers();

  @Setting(
      value = "file that holds the value of `KAFKA_SASL_JAAS_CONFIG`; read at start",
      shown = "none")
  @WithName("kafka.sasl.jaas.config.file")
  Optional<Path> kafkaLoginFile();

  /** All other {@code kafka.*} settings, passed to every Kafka client. */
  @WithName("kafka-properties")
  Map<String, String> kafka();

  /** The {@code s3.*} settings. */
  @WithName("s3")
  Store store();

  /** Where the object store is and how to log in. */
  interface Store {
    @Setting(value = "URL of the store, without a bucket", shown = "none: embedded")
    Optional<URI> endpoint();

    @Setting(value = "access key of the store", shown = "none")
    Optional<String> accessKey();

    @Setting(value = "secret key of the store", shown = "none")
    Optional<String> secretKey();

    @Setting(
        value =
            "file that holds the access key, such as one of a mounted Secret. Read again every"
                + " five seconds, so that keys can be rotated while workers run",
        shown = "none")
    Optional<Path> accessKeyFile();

    @Setting(value = "file that holds the secret key; read as the other one", shown = "none")
    Optional<Path> secretKeyFile();

    @Setting("bucket of jobs and models; created if it is missing")
    @WithDefault(BUCKET_DEFAULT)
    String bucket();

    @Setting("region of the store")
    @WithDefault("us-east-1")
    String region();
  }

  @Setting(
      "folder of the embedded broker and store and of the caches of models and data sets. Delete it"
          + " only while no worker uses it")
  @WithDefault("mezzotint-data")
  Path data();

  @Setting(value = "folder of the bundled models", shown = "`models` next to the package")
  Path models();

  @Setting("`cpu`, `cuda`, `cuda:1` ([on a GPU](#on-a-gpu))")
  @WithDefault("cpu")
  String device();

  @Setting(
      value =
          "threads of one operator on the CPU; 0 for all processors that the process may use."
              + " Workers that share a machine should share its processors"
              + " ([what happens otherwise](performance.md#waiting))",
      max = 1024)
  @WithDefault("0")
  int threads();

  @Setting(
      value =
          "engine that evaluates networks while sampling; `auto` is `onnxruntime` for float32 on a"
              + " CPU and `pytorch` otherwise ([figures](performance.md#engines)). PyTorch trains."
              + " A job that is resumed keeps the engine that it began with",
      words = {"auto", "pytorch", "onnxruntime"})
  @WithDefault("auto")
  @WithConverter(ConfigReader.ToEngine.class)
  Optional<Engine> engine();

  @Setting(
      value =
          "precision of networks while sampling; `auto` is `float32` on a CPU and `bf16` on a GPU"
              + " ([what it costs](performance.md#precision)). A training takes its precision from"
              + " its recipe",
      words = {"auto", "float32", "bf16"})
  @WithDefault("auto")
  @WithConverter(ConfigReader.ToPrecision.class)
  Optional<Precision> precision();

  @Setting(
      value =
          "rows of the largest pass through a network; the measured batch curve may find that fewer"
              + " are enough ([batching](batching.md))",
      shown = "16 on `cpu`, else 64",
      min = 1,
      max = 1024)
  int passRows();

  @Setting(
      value = "maximum number of images of one model that are being sampled at once",
      shown = "twice `MEZZOTINT_PASS_ROWS`",
      min = 1,
      max = 4096)
  int slots();

  @Setting(
      value = "jobs in progress at once; all others wait in Kafka",
      shown = "half of `MEZZOTINT_SLOTS`, from 8 to 32",
      min = 1,
      max = 200)
  int lanes();

  @Setting(
      value =
          "rows of every pass: the bytes of an image then do not depend on other jobs. Workers that"
              + " share a topic need the same number. 0 turns it off",
      max = StepLoopSettings.PINNED_MAX)
  @WithDefault("0")
  int deterministic();

  @Setting(
      value =
          "memory for models on the device, in MB; the least recently used model is removed first."
              + " 0 for the default: a quarter of the memory and at most three quarters of the"
              + " JVM's heap, or half of a GPU's memory",
      max = 1 << 20)
  @WithName("model-megabytes")
  @WithDefault("0")
  @WithConverter(ConfigReader.ToBytes.class)
  long modelBytes();

  @Setting(
      value =
          "cache of models from the store, under `MEZZOTINT_DATA`, in MB; the least recently used"
              + " model is removed first. A larger model is refused",
      min = 1,
      max = 1 << 30)
  @WithName("model-cache-megabytes")
  @WithDefault("5000")
  @WithConverter(ConfigReader.ToBytes.class)
  long modelCacheBytes();

  @Setting(
      "`consumer-group` is for clusters older than 4.2: at most as many workers as the request"
          + " topic has partitions. Use another `MEZZOTINT_GROUP` on a cluster where a group of the"
          + " other kind has that name")
  @WithDefault("share-group")
  RequestQueue.Kind queue();

  @Setting(
      "`true`: also create and read the `.high` and `.low` topics of both request topics; use at"
          + " least 4 lanes with it")
  @WithDefault("false")
  boolean priorityTopics();

  @Setting("name of the workers' share group or consumer group")
  @WithDefault("mezzotint")
  String group();

  @Setting("prefix of all topic names")
  @WithName("topics.prefix")
  @WithDefault("mezzotint")
  String topicPrefix();

  @Setting(
      value =
          "how long the lock of a record lasts, or the session of a consumer; renewed after a third"
              + " of it",
      shown = "the cluster's; consumer group: 45",
      max = 3600)
  @WithName("lock-seconds")
  Optional<Duration> lock();

  @Setting(
      value =
          "time that jobs in progress may still take at shutdown, including a training's last"
              + " checkpoint",
      max = 3600)
  @WithName("drain-seconds")
  @WithDefault("20")
  Duration drain();

  @Setting(
      "what this process does. `generation` and `training` need a device and share it if both are"
          + " set. `control` needs no device: it ends waiting jobs that are cancelled or late,"
          + " removes orphaned objects, and serves HTTP and the autoscaler")
  @WithDefault("generation,training,control")
  Set<WorkerRole> roles();

  @Setting(
      value =
          "time between the end of a failed, expired or cancelled job and the removal of its"
              + " orphaned images and checkpoints",
      min = 1,
      max = 30 * 24 * 3600)
  @WithName("sweep-after-seconds")
  @WithDefault("3600")
  Duration sweepAfter();

  @Setting(
      "`optional` runs also with a store that ignores conditional writes, without the promise of"
          + " one result per job")
  @WithDefault("required")
  ConditionalWrites conditionalWrites();

  /** Whether the store must honour conditional writes. */
  enum ConditionalWrites {
    REQUIRED,
    OPTIONAL
  }

  @Setting(
      value =
          "comma-separated prefixes of the objects that requests may name as conditions,"
              + " references, masks and data. Each ends in `/`; `{tenant}` is replaced by the"
              + " request's tenant: `inputs/,tenants/{tenant}/`",
      shown = "any key")
  @WithConverter(ConfigReader.ToInputRule.class)
  Optional<InputRule> inputs();

  @Setting(
      value =
          "name of this pod. An idle worker then reports to Kubernetes that its pod is the cheapest"
              + " one to delete when a Deployment shrinks (`k8s/components/deletion-cost`)",
      shown = "none")
  Optional<String> pod();

  @Setting("URL of the Kubernetes API, for `MEZZOTINT_POD`")
  @WithDefault("https://kubernetes.default.svc")
  URI kubernetes();

  @Setting("folder with `token`, `namespace` and `ca.crt`, for `MEZZOTINT_POD`")
  @WithDefault("/var/run/secrets/kubernetes.io/serviceaccount")
  Path serviceAccount();

  @Setting(
      "`json`: one JSON object per line, with `job`, `attempt`, `role` and `traceId`"
          + " ([below](#logs)). The image sets it")
  @WithDefault("text")
  LogFormat log();

  /** Of the worker's log. */
  enum LogFormat {
    TEXT,
    JSON
  }

  @Setting(
      value = "name of this process in events; unique among running workers",
      shown = "host and process id")
  String worker();

  @WithParentName
  Training training();

  /** Settings of role {@code training}. */
  interface Training {
    @Setting(value = "trainings that share the device at a time", min = 1, max = 16)
    @WithName("training-lanes")
    @WithDefault("1")
    int lanes();

    @Setting(
        value = "time that one training runs before a waiting one gets its turn",
        min = 1,
        max = 24 * 3600)
    @WithName("training-segment-seconds")
    @WithDefault("900")
    Duration segment();

    @Setting(
        value =
            "a training without a heartbeat for this time is taken over by a worker that has"
                + " another record of it; longer than the lock",
        min = 3,
        max = 3600)
    @WithName("training-lease-seconds")
    @WithDefault("60")
    Duration lease();

    @Setting(
        value =
            "folder of data sets on this disk that training requests may name (`{\"local\":"
                + " \"faces\"}`)",
        shown = "none")
    Optional<Path> datasets();

    @Setting(
        value =
            "cache of data sets from the store, under `MEZZOTINT_DATA`, in MB; the least recently"
                + " used data set is removed first",
        min = 1,
        max = 1 << 30)
    @WithName("dataset-cache-megabytes")
    @WithDefault("20000")
    @WithConverter(ConfigReader.ToBytes.class)
    long cacheBytes();
  }

  @WithParentName
  Scaler scaler();

  /** Settings of KEDA's external scaler in role {@code control}. */
  interface Scaler {
    @Setting("address that the external scaler listens on ([autoscaling](#on-kubernetes))")
    @WithName("scaler-host")
    @WithDefault("127.0.0.1")
    String host();

    @Setting(
        value = "port of the external scaler ([autoscaling](#on-kubernetes)); 0 turns it off",
        max = 65_535)
    @WithName("scaler-port")
    @WithDefault("0")
    int port();

    @Setting(
        value = "time of one worker per generation job, until the worker has measured it",
        min = 0.001,
        max = 30 * 24 * 3600)
    @WithName("generation-job-seconds")
    @WithDefault("5")
    double generationSeconds();

    @Setting(
        value = "time of one worker per training, until the worker has measured it",
        min = 0.001,
        max = 30 * 24 * 3600)
    @WithName("training-job-seconds")
    @WithDefault("3600")
    double trainingSeconds();
  }

  @WithParentName
  Webhooks webhooks();

  /** Settings of the calls at the end of jobs, made by role {@code control}. */
  interface Webhooks {
    @Setting(
        value =
            "comma-separated hosts that the `webhook` of a request may name, `hooks.example.com` or"
                + " `10.0.0.7:8443`; without a port, the usual one of http or https. Without hosts,"
                + " requests with a webhook are refused. Set it on all workers",
        shown = "none: off")
    @WithName("webhook-hosts")
    @WithConverter(ConfigReader.ToWebhookHosts.class)
    Optional<WebhookHosts> hosts();

    @Setting(
        value =
            "secret that signs webhooks: `whsec_` and 24 to 64 bytes in base64; required with"
                + " `MEZZOTINT_WEBHOOK_HOSTS` in role `control`",
        shown = "none")
    @WithName("webhook-secret")
    Optional<String> secret();

    @Setting(value = "file that holds the secret", shown = "none")
    @WithName("webhook-secret-file")
    Optional<Path> secretFile();

    @Setting(
        value =
            "time for which a receiver that does not accept a webhook is called again, less and"
                + " less often",
        min = 1,
        max = 7 * 24 * 3600)
    @WithName("webhook-retry-seconds")
    @WithDefault("3600")
    Duration retryLimit();
  }

  default WebhookHosts webhookHosts() {
    return webhooks().hosts().orElse(WebhookHosts.of(List.of()));
  }

  @WithParentName
  HttpConfig front();
}

package dev.mezzotint.s3;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.ObjectStat;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StorageException;
import dev.mezzotint.storage.StoredObject;
import io.minio.BucketExistsArgs;
import io.minio.GetObjectArgs;
import io.minio.GetObjectResponse;
import io.minio.GetPresignedObjectUrlArgs;
import io.minio.Http;
import io.minio.ListObjectsArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import io.minio.RemoveObjectArgs;
import io.minio.Result;
import io.minio.StatObjectArgs;
import io.minio.UploadObjectArgs;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.MinioException;
import io.minio.messages.Item;
import java.io.IOException;
import java.io.InputStream;
import java.net.Proxy;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import okhttp3.ConnectionPool;
import okhttp3.ConnectionSpec;
import okhttp3.Dispatcher;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * Object store that accesses one bucket with the MinIO client.
 *
 * <p>Writes are never repeated automatically: the client's own retries would turn a conditional
 * write that succeeded, but whose answer was lost, into "existed already" without the caller seeing
 * a failure. Reads on a dead connection are repeated once.
 *
 * <p>Safe for use by many threads. Settings: {@code S3_ENDPOINT}, {@code S3_ACCESS_KEY}, {@code
 * S3_SECRET_KEY} or their files, {@code S3_BUCKET}, {@code S3_REGION}.
 */
public final class S3ObjectStore implements ObjectStore {
  private static final int CONNECTIONS_MAX = 64;

  /** No object has this key. */
  private static final String ABSENT = "probe/none";

  private final S3Settings settings;
  private final S3Errors errors;
  private final OkHttpClient http;
  private final MinioClient small;
  private final MinioClient large;
  private volatile ConditionalWrites honoured = new ConditionalWrites(true, true);

  /**
   * Does not connect yet.
   *
   * @throws InvalidInputException for an invalid endpoint or bucket
   */
  public S3ObjectStore(S3Settings settings) {
    this.settings = settings;
    this.errors = new S3Errors(settings, System.getenv());
    this.http = httpClient(settings);
    KeyFiles keys =
        settings.keyFiles().map(f -> new KeyFiles(f.accessKey(), f.secretKey())).orElse(null);
    this.small =
        client(settings, keys, http.newBuilder().callTimeout(settings.timeouts().call()).build());
    this.large = client(settings, keys, http);
  }

  private static OkHttpClient httpClient(S3Settings settings) {
    Dispatcher dispatcher = new Dispatcher();
    dispatcher.setMaxRequests(CONNECTIONS_MAX);
    // The default of 5 per host would make every upload of a worker wait for five others.
    dispatcher.setMaxRequestsPerHost(CONNECTIONS_MAX);
    // Without TLS the trusted certificates are not read, which takes half a second.
    boolean tls = !settings.endpoint().startsWith("http://");
    OkHttpClient plain =
        new OkHttpClient.Builder()
            .proxy(settings.isLocal() ? Proxy.NO_PROXY : null) // null: the JVM's, if it has one
            .connectionSpecs(List.of(tls ? ConnectionSpec.MODERN_TLS : ConnectionSpec.CLEARTEXT))
            .dispatcher(dispatcher)
            // Servers close idle connections after 30 s or more; close them earlier.
            .connectionPool(new ConnectionPool(CONNECTIONS_MAX, 20, TimeUnit.SECONDS))
            .protocols(List.of(Protocol.HTTP_1_1))
            .socketFactory(new NoDelaySocketFactory())
            .connectTimeout(settings.timeouts().connect())
            .readTimeout(settings.timeouts().idle())
            .writeTimeout(settings.timeouts().idle())
            .retryOnConnectionFailure(false)
            .addInterceptor(S3ObjectStore::readAgain)
            .build();
    try {
      // SSL_CERT_FILE and SSL_CERT_DIR, as in other S3 tools.
      return Http.enableExternalCertificatesFromEnv(plain);
    } catch (MinioException e) {
      throw new StorageException("SSL_CERT_FILE or SSL_CERT_DIR cannot be read", e);
    }
  }

  private static Response readAgain(Interceptor.Chain chain) throws IOException {
    String method = chain.request().method();
    try {
      return chain.proceed(chain.request());
    } catch (SocketTimeoutException e) {
      throw e;
    } catch (IOException e) {
      if (!(method.equals("GET") || method.equals("HEAD")) || chain.call().isCanceled()) {
        throw e;
      }
      return chain.proceed(chain.request());
    }
  }

  private static MinioClient client(
      S3Settings settings, @Nullable KeyFiles keys, OkHttpClient http) {
    if (!settings.endpoint().matches("https?://.+")) {
      throw new InvalidInputException(
          "S3_ENDPOINT",
          "S3_ENDPOINT must begin with http:// or https://, not " + settings.endpoint());
    }
    check("S3_BUCKET", () -> BucketExistsArgs.builder().bucket(settings.bucket()));
    MinioClient.Builder builder = MinioClient.builder();
    check("S3_ENDPOINT", () -> builder.endpoint(settings.endpoint()));
    builder.region(settings.region()).httpClient(http);
    if (keys == null) {
      builder.credentials(settings.accessKey(), settings.secretKey());
    } else {
      builder.credentialsProvider(keys);
    }
    return builder.build();
  }

  private static void check(String setting, Runnable use) {
    try {
      use.run();
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(setting, setting + ": " + e.getMessage(), e);
    }
  }

  public void ensureBucket() {
    if (bucketExists()) {
      return;
    }
    try {
      small.makeBucket(
          MakeBucketArgs.builder().bucket(settings.bucket()).region(settings.region()).build());
    } catch (ErrorResponseException e) {
      if (S3Errors.code(e).equals("InvalidLocationConstraint")) {
        // The client always sends a location, and some stores refuse their default region as one.
        throw new StorageException(
            "bucket %s is missing, and object store %s refuses %s as the location of a new one: create the bucket by hand"
                .formatted(settings.bucket(), settings.endpoint(), settings.region()),
            e);
      }
      // Another worker created it first.
      if (!S3Errors.code(e).equals("BucketAlreadyOwnedByYou")
          && !S3Errors.code(e).equals("BucketAlreadyExists")) {
        throw errors.failure("creating bucket " + settings.bucket(), e);
      }
    } catch (MinioException | RuntimeException e) {
      throw errors.failure("creating bucket " + settings.bucket(), e);
    }
  }

  private boolean bucketExists() {
    try {
      return small.bucketExists(BucketExistsArgs.builder().bucket(settings.bucket()).build());
    } catch (ErrorResponseException e) {
      // The answer to a HEAD has no body that says why; that to a GET has one.
      list(ABSENT);
      throw errors.failure("looking for bucket " + settings.bucket(), e);
    } catch (MinioException | RuntimeException e) {
      throw errors.failure("looking for bucket " + settings.bucket(), e);
    }
  }

  /** Why the bucket cannot be used, in one sentence; empty if it can. */
  public Optional<String> problem() {
    try {
      return bucketExists() ? Optional.empty() : Optional.of(errors.noBucket());
    } catch (StorageException e) {
      return Optional.ofNullable(e.getMessage());
    }
  }

  /**
   * Tests conditional writes with a temporary object. Where the store ignores or refuses them, this
   * object looks before it writes from now on, which does not exclude another writer in between.
   */
  public ConditionalWrites probe() {
    honoured = new ConditionalWrites(true, true);
    String key = "probe/" + UUID.randomUUID();
    byte[] bytes = "probe".getBytes(StandardCharsets.UTF_8);
    try {
      String etag = put(key, bytes, "text/plain");
      boolean create = refused(() -> create(key, bytes, "text/plain"));
      String other = "0".repeat(32);
      boolean replace =
          refused(() -> replace(key, bytes, "text/plain", other))
              && replace(key, bytes, "text/plain", stat(key).map(ObjectStat::etag).orElse(etag))
                  .isPresent();
      honoured = new ConditionalWrites(create, replace);
      return honoured;
    } finally {
      delete(key);
    }
  }

  private static boolean refused(java.util.function.Supplier<Optional<String>> write) {
    try {
      return write.get().isEmpty();
    } catch (StorageException e) {
      if (S3Errors.notImplemented(e.getCause())) {
        return false;
      }
      throw e;
    }
  }

  @Override
  public Optional<StoredObject> get(String key) {
    try (GetObjectResponse object = small.getObject(location(key))) {
      byte[] bytes = object.readNBytes(settings.getBytesMax() + 1);
      if (bytes.length > settings.getBytesMax()) {
        throw new StorageException(
            "object " + key + " is larger than " + settings.getBytesMax() + " bytes");
      }
      return Optional.of(new StoredObject(bytes, unquoted(object.headers().get("ETag"))));
    } catch (StorageException e) {
      throw e;
    } catch (MinioException | IOException | RuntimeException e) {
      return emptyIfAbsent("reading", key, e);
    }
  }

  @Override
  public Optional<InputStream> open(String key) {
    try {
      return Optional.of(large.getObject(location(key)));
    } catch (MinioException | RuntimeException e) {
      return emptyIfAbsent("reading", key, e);
    }
  }

  private GetObjectArgs location(String key) {
    return GetObjectArgs.builder().bucket(settings.bucket()).object(key).build();
  }

  @Override
  public Optional<ObjectStat> stat(String key) {
    try {
      var answer = small.statObject(stats(key));
      return Optional.of(
          new ObjectStat(
              answer.size(), unquoted(answer.etag()), answer.lastModified().toInstant()));
    } catch (MinioException | RuntimeException e) {
      return emptyIfAbsent("looking at", key, e);
    }
  }

  private StatObjectArgs stats(String key) {
    return StatObjectArgs.builder().bucket(settings.bucket()).object(key).build();
  }

  private <T> Optional<T> emptyIfAbsent(String what, String key, Exception e) {
    if (S3Errors.absent(e)) {
      return Optional.empty();
    }
    throw failure(what, key, e, () -> small.statObject(stats(ABSENT)));
  }

  private interface Call {
    void run() throws MinioException;
  }

  /**
   * @param elsewhere the same call about a key that does not exist: if it is not refused, the store
   *     refuses this key alone
   */
  private StorageException failure(String what, String key, Exception e, Call elsewhere) {
    String call = what + " " + key;
    boolean ofThisKey = errors.mayConcernKey(e);
    if (ofThisKey) {
      try {
        elsewhere.run();
      } catch (MinioException | RuntimeException other) {
        ofThisKey = S3Errors.absent(other);
      }
    }
    return ofThisKey ? errors.refused(call, key, e) : errors.failure(call, e);
  }

  @Override
  public String put(String key, byte[] bytes, String contentType) {
    return write(key, bytes, contentType, Map.of())
        .orElseThrow(() -> new StorageException("an unconditional write was refused: " + key));
  }

  @Override
  public Optional<String> create(String key, byte[] bytes, String contentType) {
    if (!honoured.create()) {
      return stat(key).isPresent() ? Optional.empty() : write(key, bytes, contentType, Map.of());
    }
    return write(key, bytes, contentType, Map.of("If-None-Match", "*"));
  }

  @Override
  public Optional<String> replace(String key, byte[] bytes, String contentType, String etag) {
    if (!honoured.replace()) {
      return stat(key).filter(found -> found.etag().equals(etag)).isEmpty()
          ? Optional.empty()
          : write(key, bytes, contentType, Map.of());
    }
    return write(key, bytes, contentType, Map.of("If-Match", '"' + etag + '"'));
  }

  /** One PUT whatever the size, since the client's multipart upload drops the condition. */
  private Optional<String> write(
      String key, byte[] bytes, String contentType, Map<String, String> condition) {
    try {
      PutObjectArgs put =
          PutObjectArgs.builder()
              .bucket(settings.bucket())
              .object(key)
              .data(bytes, bytes.length)
              .contentType(contentType)
              .headers(condition)
              .build();
      return Optional.of(unquoted(small.putObject(put).etag()));
    } catch (MinioException | RuntimeException e) {
      boolean conditional = !condition.isEmpty();
      // If-Match on a removed object: some stores answer 404, others 412.
      if (conditional && (S3Errors.conditionFailed(e) || S3Errors.absent(e))) {
        return Optional.empty();
      }
      throw errors.failure("writing " + key, e);
    }
  }

  @Override
  public void upload(String key, Path file, String contentType) {
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException("no file to upload: " + file);
    }
    try {
      large.uploadObject(
          UploadObjectArgs.builder()
              .bucket(settings.bucket())
              .object(key)
              .filename(file.toString())
              .contentType(contentType)
              .build());
    } catch (MinioException | RuntimeException e) {
      throw errors.failure("uploading " + key, e);
    }
  }

  @Override
  public List<String> list(String prefix) {
    List<String> keys;
    try {
      keys = keys(prefix);
    } catch (MinioException | RuntimeException e) {
      throw failure("listing", prefix, e, () -> keys(ABSENT));
    }
    keys.sort(
        (a, b) ->
            Arrays.compareUnsigned(
                a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8)));
    return keys;
  }

  private List<String> keys(String prefix) throws MinioException {
    List<String> keys = new ArrayList<>();
    for (Result<Item> result :
        small.listObjects(
            ListObjectsArgs.builder()
                .bucket(settings.bucket())
                .prefix(prefix)
                .recursive(true)
                .build())) {
      keys.add(result.get().objectName());
    }
    return keys;
  }

  @Override
  public void delete(String key) {
    try {
      small.removeObject(RemoveObjectArgs.builder().bucket(settings.bucket()).object(key).build());
    } catch (MinioException | RuntimeException e) {
      if (!S3Errors.absent(e)) {
        throw errors.failure("deleting " + key, e);
      }
    }
  }

  /**
   * A URL that allows reading the object without keys. Does not call the store.
   *
   * @param validity from now, at most seven days
   */
  public String presignedUrl(String key, Duration validity) {
    try {
      return small.getPresignedObjectUrl(
          GetPresignedObjectUrlArgs.builder()
              .method(Http.Method.GET)
              .bucket(settings.bucket())
              .object(key)
              .expiry((int) validity.toSeconds(), TimeUnit.SECONDS)
              .build());
    } catch (MinioException | RuntimeException e) {
      throw errors.failure("signing a link to " + key, e);
    }
  }

  private static String unquoted(@Nullable String etag) {
    if (etag == null) {
      throw new StorageException("the object store sent no ETag");
    }
    return etag.startsWith("\"") && etag.endsWith("\"") && etag.length() > 1
        ? etag.substring(1, etag.length() - 1)
        : etag;
  }

  /** Closes the connections; calls in progress fail. */
  @Override
  public void close() {
    http.dispatcher().executorService().shutdown();
    http.dispatcher().cancelAll();
    http.connectionPool().evictAll();
  }
}

package dev.mezzotint.s3;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.local.SharedStack;
import dev.mezzotint.local.StackAddresses;
import dev.mezzotint.storage.StorageException;
import io.minio.GetPresignedObjectUrlArgs;
import io.minio.Http;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.SetObjectLockConfigurationArgs;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.MinioException;
import io.minio.messages.ObjectLockConfiguration;
import io.minio.messages.RetentionMode;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Runs each line of the table "Stores" in docs/operations.md on the store of the tests, and
 * compares it with the column of its make. {@code -Dmezzotint.test.store=PROGRAM} chooses another
 * store.
 */
class StoresTest {
  private static final int WRITERS = 16;

  private final StackAddresses stack = SharedStack.get();
  private final S3Settings settings =
      S3Settings.of(
          stack.s3Endpoint(), stack.accessKey(), stack.secretKey(), SharedStack.newBucket());
  private final S3ObjectStore store = new S3ObjectStore(settings);
  private final MinioClient client =
      MinioClient.builder()
          .endpoint(stack.s3Endpoint())
          .region("us-east-1")
          .credentials(stack.accessKey(), stack.secretKey())
          .build();

  /** What a line of the table says of this store. */
  private interface Line {
    String cell() throws Exception;
  }

  private Map<String, Line> lines() {
    Map<String, Line> lines = new LinkedHashMap<>();
    lines.put("`If-None-Match: *`: of 16 writers one creates an object", this::ifNoneMatch);
    lines.put("`If-Match`: replaces only the version that it names", this::ifMatch);
    lines.put("`If-Match` for an object that is missing", this::ifMatchAbsent);
    lines.put("write with a wrong `Content-MD5`", this::wrongChecksum);
    lines.put("list in the order of the keys' bytes", this::order);
    lines.put("read of a range", this::range);
    lines.put("read by a signed link, without keys", () -> yes(link("GET", "k", Map.of()) == 200));
    lines.put("request signed for another region", this::region);
    lines.put("objects `a` and `a/b` in one bucket", this::nested);
    lines.put(
        "key of 1,024 bytes",
        () -> takes("y".repeat(199) + ("/" + "x".repeat(199)).repeat(4) + "/" + "z".repeat(24)));
    lines.put("300 bytes between two slashes of a key", () -> takes("long/" + "x".repeat(300)));
    lines.put("bucket with a default retention", this::retention);
    return lines;
  }

  @TestFactory
  Stream<DynamicTest> everyLineOfTheTable_isTrue() throws IOException {
    List<List<String>> table = table();
    int column = table.get(0).indexOf(SharedStack.storeName());
    assertThat(column).as("%s", table.get(0)).isPositive();
    Map<String, Line> lines = lines();
    assertThat(table.stream().skip(1).map(row -> row.get(0)))
        .containsExactlyElementsOf(lines.keySet());
    store.ensureBucket();
    store.put("k", "0123456789".getBytes(UTF_8), "text/plain");
    return table.stream()
        .skip(1)
        .map(
            row ->
                DynamicTest.dynamicTest(
                    row.get(0),
                    () -> assertThat(lines.get(row.get(0)).cell()).isEqualTo(row.get(column))));
  }

  /** Its header and its lines. */
  private static List<List<String>> table() throws IOException {
    String text = Files.readString(Path.of("docs/operations.md"));
    return text.substring(text.indexOf("## Stores"))
        .lines()
        .skip(1)
        .takeWhile(line -> !line.startsWith("## "))
        .filter(line -> line.startsWith("|") && !line.startsWith("|---"))
        .map(line -> Stream.of(line.substring(1).split("\\|")).map(String::strip).toList())
        .toList();
  }

  private static String yes(boolean condition) {
    return condition ? "yes" : "no";
  }

  private String ifNoneMatch() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
    List<Callable<Boolean>> race = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      byte[] mine = ("writer " + i).getBytes(UTF_8);
      race.add(() -> store.create("race", mine, "text/plain").isPresent());
    }
    int winners = 0;
    for (Future<Boolean> created : threads.invokeAll(race)) {
      winners += created.get() ? 1 : 0;
    }
    threads.shutdown();
    return yes(winners == 1);
  }

  private String ifMatch() {
    String first = store.put("card", "1".getBytes(UTF_8), "text/plain");
    boolean replaced = store.replace("card", "2".getBytes(UTF_8), "text/plain", first).isPresent();
    return yes(
        replaced && store.replace("card", "3".getBytes(UTF_8), "text/plain", first).isEmpty());
  }

  private String ifMatchAbsent() throws Exception {
    return Integer.toString(
        link("PUT", "absent", Map.of("If-Match", "\"" + "0".repeat(32) + "\"")));
  }

  private String wrongChecksum() throws Exception {
    int status = link("PUT", "summed", Map.of("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA=="));
    return status / 100 == 4 ? "refused" : "accepted";
  }

  private String order() throws Exception {
    for (String key :
        List.of("l/b", "l/a/z", "l/a.txt", "l/ä", "l/a/b", "l/\uD83D\uDE00", "l/\uFFE0")) {
      store.put(key, new byte[1], "text/plain");
    }
    List<String> found = new ArrayList<>();
    for (var item :
        client.listObjects(
            io.minio.ListObjectsArgs.builder()
                .bucket(settings.bucket())
                .prefix("l/")
                .recursive(true)
                .build())) {
      found.add(item.get().objectName());
    }
    assertThat(store.list("l/")).containsExactlyInAnyOrderElementsOf(found);
    return yes(found.equals(store.list("l/")));
  }

  private String range() throws Exception {
    HttpURLConnection call = open("GET", "k", Map.of("Range", "bytes=2-4"));
    try (InputStream body = call.getInputStream()) {
      return yes(new String(body.readAllBytes(), UTF_8).equals("234"));
    }
  }

  private String region() {
    try (S3ObjectStore other = new S3ObjectStore(settings.withRegion("eu-west-1"))) {
      other.get("k");
      return "accepted";
    } catch (StorageException e) {
      String sentence = String.valueOf(e.getMessage());
      assertThat(sentence).contains("set S3_REGION");
      return sentence.contains("S3_REGION=us-east-1") ? "refused, names the right one" : "refused";
    }
  }

  private String nested() {
    try {
      store.put("n/a", new byte[1], "text/plain");
      store.put("n/a/b", new byte[1], "text/plain");
      return yes(store.get("n/a").isPresent() && store.get("n/a/b").isPresent());
    } catch (StorageException e) {
      return "no";
    }
  }

  private String takes(String key) {
    try {
      store.put(key, new byte[1], "text/plain");
      return yes(store.get(key).isPresent());
    } catch (StorageException e) {
      return "no";
    }
  }

  /** The store's own test object stays as an old version there. */
  private String retention() {
    String bucket = "r" + UUID.randomUUID();
    try {
      client.makeBucket(MakeBucketArgs.builder().bucket(bucket).objectLock(true).build());
      client.setObjectLockConfiguration(
          SetObjectLockConfigurationArgs.builder()
              .bucket(bucket)
              .config(
                  new ObjectLockConfiguration(
                      RetentionMode.GOVERNANCE,
                      new ObjectLockConfiguration.RetentionDurationDays(1)))
              .build());
    } catch (ErrorResponseException e) {
      boolean location = e.errorResponse().code().equals("InvalidLocationConstraint");
      return location ? "not tried" : "not supported";
    } catch (MinioException | RuntimeException e) {
      return "not supported";
    }
    S3Settings kept =
        S3Settings.of(stack.s3Endpoint(), stack.accessKey(), stack.secretKey(), bucket);
    try (S3ObjectStore locked = new S3ObjectStore(kept)) {
      assertThat(locked.probe().supported()).isTrue();
      locked.put("k", new byte[1], "text/plain");
      locked.put("k", new byte[2], "text/plain");
      locked.delete("k");
      return yes(locked.get("k").isEmpty());
    } catch (StorageException e) {
      return "no: " + e.getMessage();
    }
  }

  private int link(String method, String key, Map<String, String> headers) throws Exception {
    return open(method, key, headers).getResponseCode();
  }

  private HttpURLConnection open(String method, String key, Map<String, String> headers)
      throws Exception {
    String url =
        method.equals("GET")
            ? store.presignedUrl(key, Duration.ofMinutes(5))
            : client.getPresignedObjectUrl(
                GetPresignedObjectUrlArgs.builder()
                    .method(Http.Method.PUT)
                    .bucket(settings.bucket())
                    .object(key)
                    .build());
    HttpURLConnection call = (HttpURLConnection) URI.create(url).toURL().openConnection();
    call.setRequestMethod(method);
    headers.forEach(call::setRequestProperty);
    if (method.equals("PUT")) {
      call.setDoOutput(true);
      call.getOutputStream().write("content".getBytes(UTF_8));
    }
    return call;
  }
}

package dev.mezzotint.s3;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.local.SharedStack;
import dev.mezzotint.local.StackAddresses;
import dev.mezzotint.storage.StorageException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class S3ObjectStoreTest {
  private static S3ObjectStore store;
  private static S3Settings settings;

  @TempDir Path folder;

  @BeforeAll
  static void open() {
    StackAddresses stack = SharedStack.get();
    settings =
        S3Settings.of(
            stack.s3Endpoint(), stack.accessKey(), stack.secretKey(), SharedStack.newBucket());
    store = new S3ObjectStore(settings);
    store.ensureBucket();
  }

  @AfterAll
  static void close() {
    store.close();
  }

  @Test
  void get_returnsWrittenBytesAndEtag() throws Exception {
    String etag = store.put("a/b c/ü.txt", "hello".getBytes(UTF_8), "text/plain");

    assertThat(store.get("a/b c/ü.txt").orElseThrow().bytes()).asString(UTF_8).isEqualTo("hello");
    assertThat(store.get("a/b c/ü.txt").orElseThrow().etag()).isEqualTo(etag).doesNotContain("\"");
    assertThat(store.stat("a/b c/ü.txt").orElseThrow().size()).isEqualTo(5);
    assertThat(store.stat("a/b c/ü.txt").orElseThrow().etag()).isEqualTo(etag);
    try (InputStream stream = store.open("a/b c/ü.txt").orElseThrow()) {
      assertThat(stream.readAllBytes()).asString(UTF_8).isEqualTo("hello");
    }
  }

  @Test
  void absentObjects_areEmpty() {
    assertThat(store.get("none")).isEmpty();
    assertThat(store.open("none")).isEmpty();
    assertThat(store.stat("none")).isEmpty();
    assertThat(store.list("none")).isEmpty();
    store.delete("none");
  }

  @Test
  void deletedObjects_areAbsent() {
    store.put("gone", new byte[0], "text/plain");
    store.delete("gone");

    assertThat(store.get("gone")).isEmpty();
  }

  @Test
  void create_succeedsOnce_forConcurrentWriters() throws Exception {
    int writers = 16;
    ExecutorService threads = Executors.newFixedThreadPool(writers);
    CountDownLatch together = new CountDownLatch(1);
    List<Future<Optional<String>>> results = new ArrayList<>();
    for (int i = 0; i < writers; i++) {
      byte[] mine = ("writer " + i).getBytes(UTF_8);
      Callable<Optional<String>> race =
          () -> {
            together.await();
            return store.create("race", mine, "text/plain");
          };
      results.add(threads.submit(race));
    }
    together.countDown();
    List<Integer> winners = new ArrayList<>();
    for (int i = 0; i < writers; i++) {
      if (results.get(i).get().isPresent()) {
        winners.add(i);
      }
    }
    threads.shutdown();

    assertThat(winners).hasSize(1);
    assertThat(store.get("race").orElseThrow().bytes())
        .asString(UTF_8)
        .isEqualTo("writer " + winners.get(0));
  }

  @Test
  void replace_overwritesOnlyTheGivenVersion() {
    String first = store.create("card", "1".getBytes(UTF_8), "text/plain").orElseThrow();
    String second = store.replace("card", "2".getBytes(UTF_8), "text/plain", first).orElseThrow();

    assertThat(store.replace("card", "3".getBytes(UTF_8), "text/plain", first)).isEmpty();
    assertThat(store.get("card").orElseThrow().bytes()).asString(UTF_8).isEqualTo("2");
    assertThat(store.get("card").orElseThrow().etag()).isEqualTo(second);
  }

  @Test
  void replace_writesNothing_ifTheObjectIsAbsent() {
    assertThat(store.replace("never", new byte[1], "text/plain", "0".repeat(32))).isEmpty();
    assertThat(store.get("never")).isEmpty();
  }

  @Test
  void create_isConditional_aboveThePartSizeToo() {
    byte[] big = new byte[6 << 20];
    assertThat(store.create("big", big, "application/octet-stream")).isPresent();
    assertThat(store.create("big", new byte[6 << 20], "application/octet-stream")).isEmpty();
  }

  @Test
  void list_returnsAllKeysOfAPrefixInByteOrder() {
    for (String key : List.of("l/b", "l/a/z", "l/a.txt", "l/ä", "l/a/b", "lx")) {
      store.put(key, new byte[0], "text/plain");
    }

    assertThat(store.list("l/")).containsExactly("l/a.txt", "l/a/b", "l/a/z", "l/b", "l/ä");
  }

  @Test
  void upload_sendsFilesInParts() throws Exception {
    byte[] content = new byte[11 << 20];
    new java.util.Random(1).nextBytes(content);
    Path file = Files.write(folder.resolve("weights"), content);

    store.upload("uploaded", file, "application/octet-stream");

    try (InputStream stream = store.open("uploaded").orElseThrow()) {
      assertThat(java.util.Arrays.equals(stream.readAllBytes(), content)).isTrue();
    }
  }

  @Test
  void get_refusesObjectsAboveTheMemoryLimit() {
    store.put("long", new byte[101], "text/plain");
    S3Settings little =
        new S3Settings(
            settings.endpoint(),
            settings.accessKey(),
            settings.secretKey(),
            settings.keyFiles(),
            settings.bucket(),
            settings.region(),
            settings.timeouts(),
            /* getBytesMax= */ 100);
    try (S3ObjectStore limited = new S3ObjectStore(little)) {
      assertThatThrownBy(() -> limited.get("long"))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("long")
          .hasMessageContaining("larger than 100 bytes");
    }
  }

  @Test
  void probe_detectsConditionalWritesAndLeavesNoObject() {
    assertThat(store.probe()).isEqualTo(new ConditionalWrites(true, true));
    assertThat(store.list("probe/")).isEmpty();
  }

  @Test
  void probe_detectsAStoreThatOverwrites() throws Exception {
    HttpServer server = server();
    server.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          exchange.getResponseHeaders().set("ETag", "\"abc\"");
          exchange.getResponseHeaders().set("Last-Modified", "Wed, 12 Oct 2009 17:50:00 GMT");
          exchange.sendResponseHeaders(
              exchange.getRequestMethod().equals("DELETE") ? 204 : 200, -1);
          exchange.close();
        });
    try (S3ObjectStore careless = new S3ObjectStore(at(server))) {
      assertThat(careless.probe().supported()).isFalse();
    } finally {
      server.stop(0);
    }
  }

  @Test
  void wrongCredentials_areReported() {
    S3Settings wrong =
        S3Settings.of(settings.endpoint(), settings.accessKey(), "wrong", settings.bucket());
    try (S3ObjectStore stranger = new S3ObjectStore(wrong)) {
      assertThatThrownBy(() -> stranger.get("x"))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("S3_SECRET_KEY");
    }
  }

  @Test
  void invalidSettings_areNamed() {
    assertThatThrownBy(() -> new S3ObjectStore(S3Settings.of("http://x", "a", "b", "C")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("S3_BUCKET");
    assertThatThrownBy(() -> new S3ObjectStore(S3Settings.of("ftp:/x y", "a", "b", "bucket")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("S3_ENDPOINT");
  }

  @Test
  void missingBucket_isAFailure() {
    S3Settings nowhere =
        S3Settings.of(
            settings.endpoint(), settings.accessKey(), settings.secretKey(), "no-such-bucket");
    try (S3ObjectStore lost = new S3ObjectStore(nowhere)) {
      assertThatThrownBy(() -> lost.get("x"))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("no-such-bucket does not exist");
    }
  }

  @Test
  void serverError_isNotRetried() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    HttpServer server = server();
    server.createContext(
        "/",
        exchange -> {
          calls.incrementAndGet();
          exchange.getRequestBody().readAllBytes();
          byte[] body = "<Error><Code>SlowDown</Code></Error>".getBytes(UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "application/xml");
          exchange.sendResponseHeaders(503, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    try (S3ObjectStore away = new S3ObjectStore(at(server))) {
      assertThatThrownBy(() -> away.create("x", new byte[1], "text/plain"))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("503 SlowDown");
      assertThat(calls).hasValue(1);
    } finally {
      server.stop(0);
    }
  }

  @Test
  void silentServer_failsAfterTheTimeout() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      Duration short_ = Duration.ofMillis(300);
      S3Settings slow =
          S3Settings.of("http://127.0.0.1:" + silent.getLocalPort(), "a", "b", "bucket")
              .withTimeouts(short_, short_, short_);
      try (S3ObjectStore away = new S3ObjectStore(slow)) {
        long start = System.nanoTime();
        assertThatThrownBy(() -> away.put("x", new byte[1], "text/plain"))
            .isInstanceOf(StorageException.class)
            .hasMessageContaining("no answer");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
      }
    }
  }

  @Test
  void absentServer_isAStorageFailure() {
    S3Settings absent = S3Settings.of("http://127.0.0.1:1", "a", "b", "bucket");
    try (S3ObjectStore away = new S3ObjectStore(absent)) {
      assertThatThrownBy(() -> away.get("x")).isInstanceOf(StorageException.class);
      assertThatThrownBy(() -> away.list("x")).isInstanceOf(StorageException.class);
      assertThatThrownBy(() -> away.stat("x")).isInstanceOf(StorageException.class);
      assertThatThrownBy(away::ensureBucket).isInstanceOf(StorageException.class);
    }
  }

  private static HttpServer server() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.start();
    return server;
  }

  private static S3Settings at(HttpServer server) {
    return S3Settings.of("http://127.0.0.1:" + server.getAddress().getPort(), "a", "b", "bucket");
  }
}

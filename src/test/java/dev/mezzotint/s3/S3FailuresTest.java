package dev.mezzotint.s3;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.local.SecuredStack;
import dev.mezzotint.local.SharedStack;
import dev.mezzotint.storage.RefusedKeyException;
import dev.mezzotint.storage.StorageException;
import dev.mezzotint.worker.Forwarder;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateExpiredException;
import java.time.Duration;
import java.time.Year;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLServerSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Stores that refuse: a small server answers as real ones do. */
class S3FailuresTest {
  private static final String DENIED = "403 AccessDenied";

  @TempDir Path folder;

  private HttpServer server;
  private S3ObjectStore store;

  /** Answers by the end of a call's path: {@code 403 AccessDenied message}. */
  private final Map<String, String> answers = new ConcurrentHashMap<>();

  private final Map<String, String> headers = new ConcurrentHashMap<>();
  private final Map<String, byte[]> objects = new ConcurrentHashMap<>();
  private final List<Map<String, String>> writes = new CopyOnWriteArrayList<>();
  private volatile String general = "";
  private volatile Set<String> refusedHeaders = Set.of();

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::handle);
    server.start();
    store = new S3ObjectStore(settings("http://127.0.0.1:" + server.getAddress().getPort()));
  }

  @AfterEach
  void stop() {
    store.close();
    server.stop(0);
  }

  private static S3Settings settings(String endpoint) {
    return S3Settings.of(endpoint, "a", "b", "bucket");
  }

  private void handle(HttpExchange call) throws IOException {
    byte[] body = call.getRequestBody().readAllBytes();
    String method = call.getRequestMethod();
    String path = call.getRequestURI().getPath();
    headers.forEach(call.getResponseHeaders()::set);
    String answer =
        answers.entrySet().stream()
            .filter(entry -> call.getRequestURI().toString().contains(entry.getKey()))
            .map(Map.Entry::getValue)
            .findFirst()
            .orElse(general);
    for (String name : refusedHeaders) {
      answer = call.getRequestHeaders().containsKey(name) ? "501 NotImplemented" : answer;
    }
    if (method.equals("PUT") || method.equals("POST")) {
      Map<String, String> sent = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      call.getRequestHeaders().forEach((name, values) -> sent.put(name, values.get(0)));
      writes.add(sent);
    }
    if (!answer.isEmpty()) {
      fail(call, answer);
    } else if (method.equals("PUT")) {
      objects.put(path, body);
      send(call, 200, new byte[0]);
    } else if (method.equals("DELETE")) {
      objects.remove(path);
      send(call, 204, new byte[0]);
    } else if (path.matches("/bucket/?")) {
      send(call, 200, "<ListBucketResult><Name>bucket</Name></ListBucketResult>".getBytes(UTF_8));
    } else if (objects.containsKey(path)) {
      send(call, 200, objects.get(path));
    } else {
      fail(call, "404 NoSuchKey");
    }
  }

  private static void fail(HttpExchange call, String answer) throws IOException {
    String[] words = answer.split(" ", 3);
    String xml =
        "<Error><Code>%s</Code><Message>%s</Message></Error>"
            .formatted(words[1], words.length > 2 ? words[2] : "");
    send(call, Integer.parseInt(words[0]), xml.getBytes(UTF_8));
  }

  private static void send(HttpExchange call, int status, byte[] body) throws IOException {
    call.getResponseHeaders().set("ETag", "\"abc\"");
    call.getResponseHeaders().set("Last-Modified", "Mon, 12 Oct 2009 17:50:00 GMT");
    call.getResponseHeaders().set("Content-Type", "application/xml");
    if (call.getRequestMethod().equals("HEAD")) {
      call.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
      call.sendResponseHeaders(status, -1);
    } else {
      call.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
      call.getResponseBody().write(body);
    }
    call.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"400 XMinioInvalidObjectName no", "403 AccessDenied no", "414 URITooLong no"})
  void keyThatTheStoreRefuses_isTheKeysFault(String answer) {
    answers.put("bad.png", answer);
    String words = answer.split(" ")[0] + " " + answer.split(" ")[1];
    List<Runnable> calls = List.of(() -> store.get("in/bad.png"), () -> store.open("in/bad.png"));
    for (Runnable call : calls) {
      RefusedKeyException refused = catchThrowableOfType(RefusedKeyException.class, call::run);
      assertThat(refused).isNotNull();
      assertThat(refused.answer()).contains(words, "in/bad.png");
    }
    assertThatThrownBy(() -> store.stat("in/bad.png")).isInstanceOf(RefusedKeyException.class);
    assertThat(store.get("in/other.png")).isEmpty();
  }

  @Test
  void prefixThatTheStoreRefuses_isThePrefixesFault() {
    answers.put("prefix=secret", DENIED);
    assertThatThrownBy(() -> store.list("secret/")).isInstanceOf(RefusedKeyException.class);
    assertThat(store.list("open/")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        DENIED,
        "400 RequestTimeout",
        "400 ExpiredToken",
        "403 InvalidAccessKeyId",
        "403 SignatureDoesNotMatch",
        "403 RequestTimeTooSkewed",
        "400 AuthorizationHeaderMalformed",
        "500 InternalError",
        "503 SlowDown"
      })
  void storeThatRefusesAllKeys_isNoKeysFault(String answer) {
    general = answer;
    assertThatThrownBy(() -> store.get("in/a.png"))
        .isInstanceOf(StorageException.class)
        .isNotInstanceOf(RefusedKeyException.class);
    assertThatThrownBy(() -> store.list("in/"))
        .isInstanceOf(StorageException.class)
        .isNotInstanceOf(RefusedKeyException.class);
  }

  @Test
  void writesOfTheWorkerItself_areNeverAKeysFault() {
    answers.put("jobs/", DENIED);
    assertThatThrownBy(() -> store.create("jobs/a/job.json", new byte[1], "text/plain"))
        .isInstanceOf(StorageException.class)
        .isNotInstanceOf(RefusedKeyException.class);
  }

  private void assertProblem(String... words) {
    assertThat(store.problem().orElseThrow()).contains(words);
    assertThatThrownBy(store::ensureBucket)
        .isInstanceOf(StorageException.class)
        .hasMessageContainingAll(words);
  }

  @Test
  void wrongRegion_isNamedWithTheRightOne() {
    general =
        "400 AuthorizationHeaderMalformed The authorization header is malformed; the region is"
            + " wrong; expecting 'eu-west-1'.";
    assertProblem("the bucket is in region eu-west-1", "S3_REGION=eu-west-1");
    assertThatThrownBy(() -> store.put("k", new byte[1], "text/plain"))
        .hasMessageContaining("S3_REGION=eu-west-1");

    general = "301 PermanentRedirect moved";
    headers.put("x-amz-bucket-region", "ap-south-1");
    assertProblem("S3_REGION=ap-south-1");

    general = "400 AuthorizationHeaderMalformed wrong";
    headers.clear();
    assertProblem("us-east-1", "set S3_REGION");
  }

  @Test
  void clocksThatDiffer_areNamed() {
    general = "403 RequestTimeTooSkewed too large";
    String year = Integer.toString(Year.now().getValue());
    assertProblem("set the clocks", "RequestTimeTooSkewed", year);
    assertThat(store.problem().orElseThrow()).doesNotContain("credentials");
  }

  @Test
  void answersOfSomethingElse_areNamed() {
    server.removeContext("/");
    server.createContext(
        "/",
        call -> {
          byte[] page = "<html>Sign in</html>".getBytes(UTF_8);
          call.getResponseHeaders().set("Content-Type", "text/html");
          call.sendResponseHeaders(200, call.getRequestMethod().equals("HEAD") ? -1 : page.length);
          if (!call.getRequestMethod().equals("HEAD")) {
            call.getResponseBody().write(page);
          }
          call.close();
        });
    assertThatThrownBy(() -> store.list("x")).hasMessageContaining("S3_ENDPOINT");
  }

  @Test
  void problem_isEmptyWhileTheBucketIsThere_andNamesAMissingOne() {
    assertThat(store.problem()).isEmpty();
    answers.put("/bucket", "404 NoSuchBucket");
    assertThat(store.problem()).contains("bucket bucket does not exist");
    answers.clear();
    assertThat(store.problem()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"127.0.0.1:9000", "store.example", "s3://bucket", "ftp://store.example"})
  void endpointWithoutAScheme_isRefused(String endpoint) {
    assertThatThrownBy(() -> new S3ObjectStore(settings(endpoint)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("S3_ENDPOINT must begin with http:// or https://");
  }

  @Test
  void tlsToAPlainPort_isNamed() {
    // The small server says nothing to a handshake; others answer in plain text.
    S3Settings encrypted =
        settings("https://127.0.0.1:" + server.getAddress().getPort())
            .withTimeouts(Duration.ofSeconds(2), Duration.ofSeconds(2), Duration.ofSeconds(5));
    try (S3ObjectStore other = new S3ObjectStore(encrypted)) {
      assertThat(other.problem().orElseThrow())
          .contains("does not speak TLS", "http://")
          .doesNotContain("SSL_CERT_FILE");
    }
  }

  @Test
  void plainToATlsPort_isNamed() throws Exception {
    try (SSLServerSocket secure = secureServer()) {
      Thread accepts =
          new Thread(
              () -> {
                while (!secure.isClosed()) {
                  try (Socket one = secure.accept();
                      InputStream in = one.getInputStream()) {
                    in.read();
                  } catch (IOException e) {
                    // the caller does not speak TLS
                  }
                }
              });
      accepts.setDaemon(true);
      accepts.start();
      S3Settings plain = settings("http://127.0.0.1:" + secure.getLocalPort());
      try (S3ObjectStore other = new S3ObjectStore(plain)) {
        assertThat(other.problem().orElseThrow()).contains("speaks TLS only", "https://");
      }
      S3Settings untrusted = settings("https://127.0.0.1:" + secure.getLocalPort());
      try (S3ObjectStore other = new S3ObjectStore(untrusted)) {
        assertThat(other.problem().orElseThrow()).contains("SSL_CERT_FILE");
      }
    }
  }

  private SSLServerSocket secureServer() throws Exception {
    Path keys = folder.resolve("keys.p12");
    SecuredStack.makeCertificate(keys, folder.resolve("ca.pem"));
    char[] password = SecuredStack.STORE_PASSWORD.toCharArray();
    KeyStore entries = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(keys)) {
      entries.load(in, password);
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(entries, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return (SSLServerSocket)
        context
            .getServerSocketFactory()
            .createServerSocket(0, 10, InetAddress.getByName("127.0.0.1"));
  }

  /** {@code SecuredIT} waits for one that does expire. */
  @Test
  void expiredCertificate_isNamed() {
    SSLHandshakeException failed = new SSLHandshakeException("PKIX path validation failed");
    failed.initCause(
        new CertPathValidatorException(
            "validity check failed", new CertificateExpiredException("NotAfter: Mon")));
    assertThat(new S3Errors(settings("https://store"), Map.of()).failure("reading", failed))
        .hasMessageContaining("https://store")
        .hasMessageContaining("its certificate has expired (NotAfter: Mon)");
  }

  @Test
  void proxyInTheEnvironment_isMentionedWhereNothingAnswers() {
    IOException away = new ConnectException("timed out");
    S3Settings far = settings("https://store.example");
    assertThat(new S3Errors(far, Map.of()).failure("reading", away))
        .hasMessageNotContaining("PROXY");
    for (String name : List.of("HTTPS_PROXY", "https_proxy")) {
      assertThat(new S3Errors(far, Map.of(name, "http://proxy:3128")).failure("reading", away))
          .hasMessageContaining("HTTPS_PROXY is not used")
          .hasMessageContaining("-Dhttps.proxyHost");
    }
  }

  @Test
  void storeWithoutConditionalWrites_isRecognized_andLookedAtBeforeWriting() {
    refusedHeaders = Set.of("If-None-Match", "If-Match");
    assertThat(store.probe()).isEqualTo(new ConditionalWrites(false, false));
    assertThat(store.probe()).isEqualTo(new ConditionalWrites(false, false));

    assertThat(store.create("job", "1".getBytes(UTF_8), "text/plain")).isPresent();
    assertThat(store.create("job", "2".getBytes(UTF_8), "text/plain")).isEmpty();
    assertThat(objects.get("/bucket/job")).asString(UTF_8).isEqualTo("1");
    assertThat(store.replace("job", "3".getBytes(UTF_8), "text/plain", "other")).isEmpty();
    assertThat(store.replace("job", "3".getBytes(UTF_8), "text/plain", "abc")).isPresent();
    assertThat(objects.get("/bucket/job")).asString(UTF_8).isEqualTo("3");
  }

  @Test
  void storeThatIgnoresConditions_isLookedAtBeforeWriting() {
    assertThat(store.probe().create()).isFalse();
    assertThat(store.create("job", "1".getBytes(UTF_8), "text/plain")).isPresent();
    assertThat(store.create("job", "2".getBytes(UTF_8), "text/plain")).isEmpty();
    assertThat(objects.get("/bucket/job")).asString(UTF_8).isEqualTo("1");
  }

  /** Buckets with a default retention accept no object without one of these. */
  @Test
  void everyWrite_carriesAChecksum() throws Exception {
    store.put("small", new byte[10], "text/plain");
    store.create("first", new byte[10], "text/plain");
    store.upload("file", Files.write(folder.resolve("file"), new byte[100]), "text/plain");
    assertThat(writes).hasSize(3);
    assertThat(writes)
        .allSatisfy(
            sent ->
                assertThat(sent.keySet())
                    .anyMatch(
                        name ->
                            name.equalsIgnoreCase("Content-MD5")
                                || name.toLowerCase(Locale.ROOT).startsWith("x-amz-checksum-")));
  }

  /** As versitygw does; the client cannot leave the location out. */
  @Test
  void defaultRegionThatIsRefusedAsALocation_asksForTheBucket() throws IOException {
    HttpServer empty =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    empty.createContext(
        "/",
        call -> {
          call.getRequestBody().readAllBytes();
          boolean creates = call.getRequestMethod().equals("PUT");
          fail(call, creates ? "400 InvalidLocationConstraint no" : "404 NoSuchBucket");
        });
    empty.start();
    try (S3ObjectStore other =
        new S3ObjectStore(settings("http://127.0.0.1:" + empty.getAddress().getPort()))) {
      assertThatThrownBy(other::ensureBucket)
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("bucket bucket is missing")
          .hasMessageContaining("create the bucket by hand")
          .hasMessageNotContaining("S3_REGION");
    } finally {
      empty.stop(0);
    }
  }

  @Test
  void addressOfIpVersion6_works() throws Exception {
    InetAddress loopback = InetAddress.getByName("::1");
    HttpServer six;
    try {
      six = HttpServer.create(new InetSocketAddress(loopback, 0), 0);
    } catch (IOException e) {
      Assumptions.abort("this machine has no IPv6");
      return;
    }
    six.createContext("/", this::handle);
    six.start();
    try (S3ObjectStore other =
        new S3ObjectStore(settings("http://[::1]:" + six.getAddress().getPort()))) {
      assertThat(other.problem()).isEmpty();
      other.put("k", "v".getBytes(UTF_8), "text/plain");
      assertThat(other.get("k").orElseThrow().bytes()).asString(UTF_8).isEqualTo("v");
      assertThat(other.presignedUrl("k", Duration.ofMinutes(1))).startsWith("http://[::1]:");
    } finally {
      six.stop(0);
    }
  }

  /** The signature covers the name of the host: a real server checks it. */
  @Test
  void addressOfIpVersion6_isSignedRightly() throws Exception {
    URI real = URI.create(SharedStack.get().s3Endpoint());
    Optional<Forwarder> forwarder = forwarder(real.getPort());
    Assumptions.assumeTrue(forwarder.isPresent(), "this machine has no IPv6");
    try (Forwarder open = forwarder.get();
        S3ObjectStore other =
            new S3ObjectStore(
                S3Settings.of(
                    "http://[::1]:" + open.port(),
                    SharedStack.get().accessKey(),
                    SharedStack.get().secretKey(),
                    "b6" + System.nanoTime()))) {
      other.ensureBucket();
      other.put("k", "v".getBytes(UTF_8), "text/plain");
      assertThat(other.get("k")).isPresent();
    }
  }

  private static Optional<Forwarder> forwarder(int target) {
    try {
      return Optional.of(new Forwarder(InetAddress.getByName("::1"), 0, target));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}

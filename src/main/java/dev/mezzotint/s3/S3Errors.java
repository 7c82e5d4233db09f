package dev.mezzotint.s3;

import dev.mezzotint.storage.RefusedKeyException;
import dev.mezzotint.storage.StorageException;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.InvalidResponseException;
import io.minio.errors.ServerException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * Classifies failed calls: absent, condition not met, a key that the store refuses, or a failure
 * with a sentence for users that says what to do.
 *
 * @param environment of this process, where HTTP proxies may be named
 */
record S3Errors(S3Settings settings, Map<String, String> environment) {
  private static final Set<String> CREDENTIALS =
      Set.of("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken");

  private static final Set<String> CLOCKS = Set.of("RequestTimeTooSkewed", "RequestExpired");

  private static final Set<String> REGION =
      Set.of(
          "AuthorizationHeaderMalformed",
          "PermanentRedirect",
          "Redirect",
          "TemporaryRedirect",
          "IllegalLocationConstraintException",
          "InvalidLocationConstraint",
          "InvalidRegion");

  /** Codes of status 400 and 403 that do not concern the key of the call. */
  private static final Set<String> NOT_OF_A_KEY =
      Set.of(
          "RequestTimeout",
          "IncompleteBody",
          "BadDigest",
          "XAmzContentSHA256Mismatch",
          "SlowDown",
          "AccountProblem",
          "AllAccessDisabled",
          "InvalidBucketName",
          "InvalidBucketState",
          "MissingSecurityHeader",
          "NotSignedUp");

  private static final Set<Integer> OF_A_KEY = Set.of(400, 403, 414, 422);
  private static final Pattern EXPECTED_REGION = Pattern.compile("expecting '([A-Za-z0-9-]+)'");
  private static final int TLS_MILLIS = 2_000;

  /** Whether the object is absent; a missing bucket is a failure instead. */
  static boolean absent(Exception e) {
    return e instanceof ErrorResponseException answer
        && status(answer) == 404
        && !code(answer).equals("NoSuchBucket");
  }

  /** Whether the condition of a write was not met. */
  static boolean conditionFailed(Exception e) {
    return e instanceof ErrorResponseException answer
        && (status(answer) == 412 || code(answer).equals("PreconditionFailed"));
  }

  /** Whether the store does not support the condition of the request. */
  static boolean notImplemented(@Nullable Throwable e) {
    return e instanceof ErrorResponseException answer
        && (status(answer) == 501
            || code(answer).equals("NotImplemented")
            || (status(answer) == 400 && String.valueOf(message(answer)).contains("If-")));
  }

  /** Whether the answer may concern the key of the call alone. */
  boolean mayConcernKey(Exception e) {
    if (e instanceof ServerException answer) { // without a code
      return OF_A_KEY.contains(answer.statusCode());
    }
    return e instanceof ErrorResponseException answer
        && OF_A_KEY.contains(status(answer))
        && otherRegion(answer).isEmpty()
        && !REGION.contains(code(answer))
        && !CREDENTIALS.contains(code(answer))
        && !CLOCKS.contains(code(answer))
        && !NOT_OF_A_KEY.contains(code(answer));
  }

  static int status(ErrorResponseException answer) {
    return answer.response() == null ? 0 : answer.response().code();
  }

  static String code(ErrorResponseException answer) {
    String code = answer.errorResponse() == null ? null : answer.errorResponse().code();
    return code == null ? "" : code;
  }

  private static String message(ErrorResponseException answer) {
    String message = answer.errorResponse() == null ? null : answer.errorResponse().message();
    return message == null ? "" : message;
  }

  /** The store's region, where an answer names one that is not configured. */
  private Optional<String> otherRegion(ErrorResponseException answer) {
    Response response = answer.response();
    String header = response == null ? null : response.header("x-amz-bucket-region");
    String description = response == null ? null : response.header("x-minio-error-desc");
    Matcher expected = EXPECTED_REGION.matcher(message(answer) + " " + description);
    return Optional.ofNullable(header != null ? header : expected.find() ? expected.group(1) : null)
        .filter(name -> !name.equals(settings.region()));
  }

  /** The failure of a call about a key that the store refuses. */
  RefusedKeyException refused(String what, String key, Exception e) {
    String answer =
        e instanceof ErrorResponseException xml
            ? status(xml) + " " + code(xml)
            : String.valueOf(((ServerException) e).statusCode());
    String message = e instanceof ErrorResponseException xml ? firstLine(message(xml)) : "";
    return new RefusedKeyException(
        where(what) + sentence(e),
        "the store answers %s about %s%s"
            .formatted(answer.strip(), key, message.isEmpty() ? "" : " (" + message + ")"),
        e);
  }

  private String where(String what) {
    return "object store " + settings.endpoint() + ": " + what + " failed: ";
  }

  String noBucket() {
    return "bucket " + settings.bucket() + " does not exist";
  }

  /** The failure with a message; throws an {@link IllegalArgumentException} unchanged. */
  StorageException failure(String what, Exception thrown) {
    if (thrown instanceof IllegalArgumentException mistake) {
      throw mistake;
    }
    Throwable cause = unwrap(thrown);
    return new StorageException(where(what) + sentence(cause), cause);
  }

  private String sentence(Throwable cause) {
    if (cause instanceof ErrorResponseException answer) {
      return describe(answer);
    }
    String line = firstLine(cause.getMessage());
    if (cause instanceof InvalidResponseException) {
      return speaksTls(cause)
          ? needsTls()
          : "what answers is not an S3 store (" + line + "); check S3_ENDPOINT" + proxy();
    }
    if (cause instanceof ServerException) {
      return "it answered with an error: " + line;
    }
    if (cause instanceof SSLException || cause instanceof CertificateException) {
      return tls(cause, line);
    }
    if (cause instanceof IOException) {
      if (speaksTls(cause)) {
        return needsTls();
      }
      return speaksPlainHttp() ? needsNoTls() : "no answer (" + line + ")" + proxy();
    }
    return "its answer cannot be read (%s); check S3_ENDPOINT%s"
        .formatted(line.isEmpty() ? cause.getClass().getSimpleName() : line, proxy());
  }

  private String describe(ErrorResponseException answer) {
    String code = code(answer);
    Optional<String> region = otherRegion(answer);
    if (region.isPresent()) {
      return "the bucket is in region %s, not %s: set S3_REGION=%s"
          .formatted(region.get(), settings.region(), region.get());
    }
    if (REGION.contains(code)) {
      return "it does not accept region %s (%s): set S3_REGION to the region of the bucket"
          .formatted(settings.region(), code);
    }
    if (CREDENTIALS.contains(code)) {
      return "it refuses the credentials (" + code + "); check S3_ACCESS_KEY and S3_SECRET_KEY";
    }
    if (CLOCKS.contains(code)) {
      Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
      String theirs = answer.response() == null ? null : answer.response().header("Date");
      return "it refuses the time of the call (%s): set the clocks, this machine's is %s%s"
          .formatted(code, now, theirs == null ? "" : " and the store's " + theirs);
    }
    if (code.equals("NoSuchBucket")) {
      return noBucket();
    }
    if (status(answer) == 403) {
      return ("access to bucket %s is denied (%s); the credentials need read, write, list and"
              + " delete on it")
          .formatted(settings.bucket(), code);
    }
    String message = firstLine(message(answer));
    return ("it answered " + status(answer) + " " + code).stripTrailing()
        + (message.isEmpty() ? "" : " (" + message + ")");
  }

  private String tls(Throwable cause, String line) {
    if (line.contains("Unsupported or unrecognized SSL message")) {
      return needsNoTls();
    }
    Optional<String> expired =
        find(cause, CertificateExpiredException.class).map(Throwable::getMessage);
    if (expired.isEmpty() && line.contains("None of the TrustManagers")) {
      expired = expiry(); // with SSL_CERT_FILE the client drops the reason
    }
    if (expired.isPresent()) {
      return "its certificate has expired (" + expired.get() + "); renew it there";
    }
    if (cause instanceof SSLPeerUnverifiedException || line.contains("subject alternative")) {
      return "its certificate is not for this name (%s); check S3_ENDPOINT and the certificate"
          .formatted(line);
    }
    return "no trusted connection (" + line + "); SSL_CERT_FILE names the certificates to trust";
  }

  /** What is wrong with the dates of the store's certificates, if they have expired. */
  private Optional<String> expiry() {
    URI endpoint = URI.create(settings.endpoint());
    List<X509Certificate> presented = new ArrayList<>();
    try (Socket plain = connect(endpoint, 443)) {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {new Recorder(presented)}, null);
      try (SSLSocket encrypted =
          (SSLSocket)
              context
                  .getSocketFactory()
                  .createSocket(
                      plain, endpoint.getHost(), plain.getPort(), /* autoClose= */ true)) {
        encrypted.startHandshake();
      }
    } catch (IOException | GeneralSecurityException e) {
      // The recorder refuses all certificates.
    }
    try {
      for (X509Certificate certificate : presented) {
        certificate.checkValidity();
      }
      return Optional.empty();
    } catch (CertificateException e) {
      return Optional.ofNullable(e.getMessage());
    }
  }

  /** Trusts no server and keeps the certificates of the one that it is asked about. */
  private record Recorder(List<X509Certificate> presented) implements X509TrustManager {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind)
        throws CertificateException {
      presented.addAll(List.of(chain));
      throw new CertificateException("only looked at");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind)
        throws CertificateException {
      throw new CertificateException("not a server");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  private static <T> Optional<T> find(Throwable cause, Class<T> type) {
    for (Throwable next = cause; next != null; next = next.getCause()) {
      if (type.isInstance(next)) {
        return Optional.of(type.cast(next));
      }
    }
    return Optional.empty();
  }

  private static String needsTls() {
    return "it speaks TLS only; S3_ENDPOINT must begin with https://";
  }

  private static String needsNoTls() {
    return "it does not speak TLS; S3_ENDPOINT may have to begin with http://";
  }

  /** Whether a server that is silent on an encrypted connection answers on a plain one. */
  private boolean speaksPlainHttp() {
    URI endpoint = URI.create(settings.endpoint());
    if (!"https".equals(endpoint.getScheme())) {
      return false;
    }
    try (Socket plain = connect(endpoint, 443)) {
      plain.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      byte[] status = plain.getInputStream().readNBytes(12);
      // A server that does speak TLS may answer 400 in plain text.
      return new String(status, StandardCharsets.US_ASCII).matches("HTTP/1.. (?!400)[0-9]{3}");
    } catch (IOException e) {
      return false;
    }
  }

  private static Socket connect(URI endpoint, int defaultPort) throws IOException {
    Socket socket = new Socket();
    try {
      int port = endpoint.getPort() < 0 ? defaultPort : endpoint.getPort();
      socket.connect(
          new InetSocketAddress(endpoint.getHost().replaceAll("[\\[\\]]", ""), port), TLS_MILLIS);
      socket.setSoTimeout(TLS_MILLIS);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Whether a server that broke off a plain conversation speaks TLS. */
  private boolean speaksTls(Throwable cause) {
    URI endpoint = URI.create(settings.endpoint());
    boolean connected =
        !(cause instanceof ConnectException
            || cause instanceof UnknownHostException
            || cause instanceof SocketTimeoutException);
    if (!"http".equals(endpoint.getScheme()) || !connected) {
      return false;
    }
    SSLSocketFactory tls = (SSLSocketFactory) SSLSocketFactory.getDefault();
    try (Socket plain = connect(endpoint, 80);
        SSLSocket encrypted =
            (SSLSocket)
                tls.createSocket(
                    plain, endpoint.getHost(), plain.getPort(), /* autoClose= */ true)) {
      encrypted.startHandshake();
      return true;
    } catch (SSLException e) {
      // Any certificate, also one that is not trusted here.
      return find(e, CertificateException.class).isPresent();
    } catch (IOException e) {
      return false;
    }
  }

  /** Names a proxy that calls go through, or one that they should perhaps go through. */
  private String proxy() {
    if (settings.isLocal()) {
      return "";
    }
    URI endpoint = URI.create(settings.endpoint());
    ProxySelector selector = ProxySelector.getDefault();
    List<Proxy> used = selector == null ? List.of() : selector.select(endpoint);
    if (!used.isEmpty() && used.get(0).type() != Proxy.Type.DIRECT) {
      return "; the call went through the proxy " + used.get(0).address();
    }
    String variable = endpoint.getScheme().toUpperCase(Locale.ROOT) + "_PROXY";
    boolean named =
        environment.containsKey(variable)
            || environment.containsKey(variable.toLowerCase(Locale.ROOT));
    String property = endpoint.getScheme() + ".proxy";
    return named
        ? "; %s is not used: JAVA_TOOL_OPTIONS=\"-D%sHost=... -D%sPort=...\" sets a proxy"
            .formatted(variable, property, property)
        : "";
  }

  /** The failure of the store or network, which the MinIO client wraps more than once. */
  private static Throwable unwrap(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof ErrorResponseException
          || cause instanceof ServerException
          || cause instanceof InvalidResponseException
          || cause instanceof CertificateException
          || cause instanceof IOException) {
        return cause;
      }
    }
    return thrown;
  }

  private static String firstLine(@Nullable String message) {
    return message == null ? "" : message.lines().findFirst().orElse("");
  }
}

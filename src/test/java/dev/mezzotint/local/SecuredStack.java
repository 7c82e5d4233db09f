package dev.mezzotint.local;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;

/**
 * A broker and a store that require encryption and authentication: SASL_SSL with SCRAM-SHA-512, and
 * https, with certificates of an authority made here. Both also have plain listeners for the test's
 * own use.
 */
public final class SecuredStack implements AutoCloseable {
  public static final String USER = "worker";
  public static final String PASSWORD = "password-of-the-worker";
  private static final String ACCESS_KEY = "access";
  private static final String SECRET_KEY = "secret-of-the-store";
  public static final String STORE_PASSWORD = "of-the-key-store";

  private final Path folder;
  private final Path certificate;
  private final int plain = freePort();
  private final int controller = freePort();
  private final StackAddresses open;
  private final String securedBroker;
  private final String securedStore;
  private LocalBroker broker;
  private S3Proxy store;

  /**
   * Starts both.
   *
   * @param folder for the data and the certificate
   */
  public SecuredStack(Path folder) throws Exception {
    this.folder = folder;
    certificate = folder.resolve("authority.pem");
    makeAuthority(authority(), certificate);
    Path keys = certificate("keys", Duration.ofDays(1));
    securedBroker = "127.0.0.1:" + freePort();
    securedStore = "https://127.0.0.1:" + freePort();
    open =
        new StackAddresses(
            "127.0.0.1:" + plain,
            "http://127.0.0.1:" + freePort(),
            ACCESS_KEY,
            SECRET_KEY,
            ProcessHandle.current().pid());
    broker = startBroker(keys);
    store = startStore(keys);
    createUser();
  }

  private LocalBroker startBroker(Path keys) throws IOException {
    return LocalBroker.start(
        folder.resolve("broker"),
        plain,
        controller,
        secured("127.0.0.1:" + plain, "127.0.0.1:" + controller, keys));
  }

  private S3Proxy startStore(Path keys) throws Exception {
    Path objects = Files.createDirectories(folder.resolve("objects"));
    S3Proxy started =
        S3Proxy.builder()
            .blobStore(new FilesystemNio2BlobStore(objects.toString()))
            .endpoint(URI.create(open.s3Endpoint()))
            .secureEndpoint(URI.create(securedStore))
            .keyStore(keys.toString(), STORE_PASSWORD)
            .awsAuthentication(AuthenticationType.AWS_V4, ACCESS_KEY, SECRET_KEY)
            .ignoreUnknownHeaders(true)
            .build();
    started.start();
    return started;
  }

  /** Restarts the broker with another certificate. */
  public void restartBroker(Path keys) throws IOException {
    broker.stop();
    broker = startBroker(keys);
  }

  /** Restarts the store with another certificate. */
  public void restartStore(Path keys) throws Exception {
    store.stop();
    store = startStore(keys);
  }

  private Map<String, String> secured(String plain, String controller, Path keys) {
    Map<String, String> settings = new HashMap<>();
    String outside = "PLAINTEXT://" + plain + ",SECURED://" + securedBroker;
    settings.put("listeners", outside + ",CONTROLLER://" + controller);
    settings.put("advertised.listeners", outside);
    settings.put(
        "listener.security.protocol.map",
        "PLAINTEXT:PLAINTEXT,SECURED:SASL_SSL,CONTROLLER:PLAINTEXT");
    settings.put("inter.broker.listener.name", "PLAINTEXT");
    String own = "listener.name.secured.";
    settings.put(own + "sasl.enabled.mechanisms", "SCRAM-SHA-512");
    settings.put(
        own + "scram-sha-512.sasl.jaas.config",
        "org.apache.kafka.common.security.scram.ScramLoginModule required;");
    settings.put(own + "ssl.keystore.type", "PKCS12");
    settings.put(own + "ssl.keystore.location", keys.toString());
    settings.put(own + "ssl.keystore.password", STORE_PASSWORD);
    settings.put(own + "ssl.key.password", STORE_PASSWORD);
    settings.put("group.share.min.record.lock.duration.ms", "1000");
    return settings;
  }

  private void createUser() throws ExecutionException, InterruptedException, TimeoutException {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", open.bootstrapServers()))) {
      ScramCredentialInfo kind = new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096);
      admin
          .alterUserScramCredentials(
              List.of(new UserScramCredentialUpsertion(USER, kind, PASSWORD)))
          .all()
          .get(30, TimeUnit.SECONDS);
    }
  }

  /**
   * Creates a key with a certificate of the authority that {@link #certificate()} trusts.
   *
   * @param validity from now on
   * @return a PKCS#12 file with {@link #STORE_PASSWORD}
   */
  public Path certificate(String name, Duration validity) throws IOException, InterruptedException {
    Path keys = folder.resolve(name + ".p12");
    sign(authority(), keys, validity);
    return keys;
  }

  private Path authority() {
    return folder.resolve("authority.p12");
  }

  /**
   * Creates a key for 127.0.0.1 with a certificate of an authority made for it.
   *
   * @param keys created: PKCS#12, with {@link #STORE_PASSWORD}
   * @param certificate created: the authority's, PEM
   */
  public static void makeCertificate(Path keys, Path certificate)
      throws IOException, InterruptedException {
    Path authority = keys.resolveSibling("signer.p12");
    makeAuthority(authority, certificate);
    sign(authority, keys, Duration.ofDays(1));
  }

  private static void makeAuthority(Path keys, Path certificate)
      throws IOException, InterruptedException {
    keytool(
        keys,
        "-genkeypair -alias authority -keyalg EC -groupname secp256r1 -dname CN=authority"
            + " -validity 2 -ext bc=ca:true -storetype PKCS12");
    keytool(keys, "-exportcert -rfc -alias authority -file " + certificate);
  }

  private static void sign(Path authority, Path keys, Duration validity)
      throws IOException, InterruptedException {
    Files.copy(authority, keys, StandardCopyOption.REPLACE_EXISTING);
    // keytool counts the validity in whole days from the start date.
    keytool(
        keys,
        "-genkeypair -alias server -signer authority -keyalg EC -groupname secp256r1 -dname"
            + " CN=local -ext san=ip:127.0.0.1,dns:store.test -validity 1 -startdate -1d+"
            + validity.toSeconds()
            + "S");
    keytool(keys, "-delete -alias authority");
  }

  private static void keytool(Path keys, String words) throws IOException, InterruptedException {
    keytool(words + " -storepass " + STORE_PASSWORD + " -keystore " + keys);
  }

  private static void keytool(String words) throws IOException, InterruptedException {
    Path tool = Path.of(System.getProperty("java.home"), "bin", "keytool");
    Process process =
        new ProcessBuilder((tool + " " + words).split(" ")).redirectErrorStream(true).start();
    try (InputStream output = process.getInputStream()) {
      String text = new String(output.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IOException("keytool: " + text);
      }
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** The plain listeners, for the test's own use. */
  public StackAddresses open() {
    return open;
  }

  public String securedBroker() {
    return securedBroker;
  }

  public String securedStore() {
    return securedStore;
  }

  /** The certificate as PEM. */
  public Path certificate() {
    return certificate;
  }

  @Override
  public void close() throws Exception {
    broker.stop();
    store.stop();
  }
}

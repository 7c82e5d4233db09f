package dev.mezzotint.local;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * https, with a self-signed certificate. Both also have plain listeners for the test's own use.
 */
public final class SecuredStack implements AutoCloseable {
  public static final String USER = "worker";
  public static final String PASSWORD = "password-of-the-worker";
  private static final String ACCESS_KEY = "access";
  private static final String SECRET_KEY = "secret-of-the-store";
  public static final String STORE_PASSWORD = "of-the-key-store";

  private final Path certificate;
  private final LocalBroker broker;
  private final S3Proxy store;
  private final StackAddresses open;
  private final String securedBroker;
  private final String securedStore;

  /**
   * Starts both.
   *
   * @param folder for the data and the certificate
   */
  public SecuredStack(Path folder) throws Exception {
    Path keys = folder.resolve("keys.p12");
    certificate = folder.resolve("authority.pem");
    makeCertificate(keys, certificate);
    int plain = freePort();
    int controller = freePort();
    securedBroker = "127.0.0.1:" + freePort();
    broker =
        LocalBroker.start(
            folder.resolve("broker"),
            plain,
            controller,
            secured("127.0.0.1:" + plain, "127.0.0.1:" + controller, keys));
    URI http = URI.create("http://127.0.0.1:" + freePort());
    URI https = URI.create("https://127.0.0.1:" + freePort());
    securedStore = https.toString();
    Path objects = Files.createDirectories(folder.resolve("objects"));
    store =
        S3Proxy.builder()
            .blobStore(new FilesystemNio2BlobStore(objects.toString()))
            .endpoint(http)
            .secureEndpoint(https)
            .keyStore(keys.toString(), STORE_PASSWORD)
            .awsAuthentication(AuthenticationType.AWS_V4, ACCESS_KEY, SECRET_KEY)
            .ignoreUnknownHeaders(true)
            .build();
    store.start();
    open =
        new StackAddresses(
            "127.0.0.1:" + plain,
            http.toString(),
            ACCESS_KEY,
            SECRET_KEY,
            ProcessHandle.current().pid());
    createUser();
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
   * Creates a self-signed certificate for 127.0.0.1.
   *
   * @param keys created: PKCS#12, with {@link #STORE_PASSWORD}
   * @param certificate created: PEM
   */
  public static void makeCertificate(Path keys, Path certificate) throws Exception {
    keytool(
        "-genkeypair -alias server -keyalg EC -groupname secp256r1 -dname CN=local -validity 2"
            + " -ext san=ip:127.0.0.1 -storetype PKCS12 -storepass "
            + STORE_PASSWORD
            + " -keystore "
            + keys);
    keytool(
        "-exportcert -rfc -alias server -storepass "
            + STORE_PASSWORD
            + " -keystore "
            + keys
            + " -file "
            + certificate);
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

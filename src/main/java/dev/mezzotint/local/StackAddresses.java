package dev.mezzotint.local;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;

/**
 * Addresses of a running local stack, published in {@code stack.json} in its data folder.
 *
 * @param bootstrapServers host and port of the broker, on loopback
 * @param s3Endpoint URL of the S3 server, on loopback
 * @param pid of the JVM that runs both
 */
public record StackAddresses(
    String bootstrapServers, String s3Endpoint, String accessKey, String secretKey, long pid) {
  /** Ports that are taken where they are free. */
  public static final int BROKER_PORT = 9092;

  public static final int STORE_PORT = 9000;

  private static final String FILE = "stack.json";
  private static final int CONNECT_TIMEOUT_MILLIS = 1000;

  /**
   * Finds the stack that runs on this data folder. Empty also if its process has ended or its port
   * is closed, as after a kill.
   */
  public static Optional<StackAddresses> find(Path data) {
    return read(data).filter(StackAddresses::alive);
  }

  static Optional<StackAddresses> read(Path data) {
    try {
      JsonObject json = JsonObject.parse(Files.readAllBytes(data.resolve(FILE)));
      return Optional.of(
          new StackAddresses(
              json.requiredString("bootstrapServers"),
              json.requiredString("s3Endpoint"),
              json.requiredString("accessKey"),
              json.requiredString("secretKey"),
              json.integer("pid", 1, Long.MAX_VALUE, 1)));
    } catch (IOException | InvalidInputException e) {
      // No file, or an unreadable one: no stack; the lock still guards the folder.
      return Optional.empty();
    }
  }

  /** Omits the secret key, which must not be logged. */
  @Override
  public String toString() {
    return "Kafka " + bootstrapServers + ", S3 " + s3Endpoint + ", process " + pid;
  }

  private boolean alive() {
    if (ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty()) {
      return false;
    }
    URI broker = URI.create("kafka://" + bootstrapServers);
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(broker.getHost(), broker.getPort()), CONNECT_TIMEOUT_MILLIS);
      return true;
    } catch (IOException | IllegalArgumentException e) {
      return false;
    }
  }

  /** Replaces the file atomically, readable by its owner only, because it has the secret key. */
  void write(Path data) throws IOException {
    byte[] text =
        JsonText.writePretty(
            Map.of(
                "bootstrapServers", bootstrapServers,
                "s3Endpoint", s3Endpoint,
                "accessKey", accessKey,
                "secretKey", secretKey,
                "pid", pid));
    Path draft = data.resolve(FILE + ".draft");
    Files.deleteIfExists(draft);
    createPrivate(draft);
    Files.write(draft, text);
    Files.move(
        draft,
        data.resolve(FILE),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  static void createPrivate(Path file) throws IOException {
    if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } else {
      Files.createFile(file);
    }
  }

  static void remove(Path data) throws IOException {
    Files.deleteIfExists(data.resolve(FILE));
  }
}

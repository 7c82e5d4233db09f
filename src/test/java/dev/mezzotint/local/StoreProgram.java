package dev.mezzotint.local;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A store of another make for the tests, as a process: {@code -Dmezzotint.test.store=PROGRAM},
 * where the program is MinIO's {@code minio} or Versity's {@code versitygw}.
 */
final class StoreProgram {
  private static final String ACCESS_KEY = "mezzotint";
  private static final String SECRET_KEY = "secret-of-the-tests";
  private static final long START_NANOS_MAX = 120_000_000_000L;

  private static @Nullable Path objects;

  private StoreProgram() {}

  /** A folder is a bucket of versitygw, which refuses the location that the client sends. */
  static void makeBucket(String name) throws IOException {
    Files.createDirectory(requireNonNull(objects).resolve(name));
  }

  /** Starts it; it ends with this process. */
  static StackAddresses start(Path program, Path data, String bootstrapServers) throws IOException {
    int port = freePort();
    String address = "127.0.0.1:" + port;
    objects = Files.createDirectories(data.resolve("objects"));
    boolean minio = name(program).equals("MinIO");
    List<String> command =
        minio
            ? List.of(
                program.toString(),
                "server",
                "--quiet",
                "--address",
                address,
                "--console-address",
                "127.0.0.1:" + freePort(),
                objects.toString())
            : List.of(program.toString(), "--port", address, "posix", objects.toString());
    ProcessBuilder builder = new ProcessBuilder(command);
    builder
        .environment()
        .putAll(
            minio
                ? Map.of("MINIO_ROOT_USER", ACCESS_KEY, "MINIO_ROOT_PASSWORD", SECRET_KEY)
                : Map.of("ROOT_ACCESS_KEY", ACCESS_KEY, "ROOT_SECRET_KEY", SECRET_KEY));
    Path log = data.resolve("store.log");
    Process process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    long end = System.nanoTime() + START_NANOS_MAX;
    while (!accepts(port)) {
      if (!process.isAlive() || System.nanoTime() > end) {
        throw new IOException(program + " did not start: " + Files.readString(log));
      }
    }
    return new StackAddresses(
        bootstrapServers,
        "http://" + address,
        ACCESS_KEY,
        SECRET_KEY,
        ProcessHandle.current().pid());
  }

  static String name(Path program) {
    return program.getFileName().toString().startsWith("minio") ? "MinIO" : "versitygw";
  }

  private static boolean accepts(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 500);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}

package dev.mezzotint.local;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Port of the REST API of a worker that runs on a data folder, published in {@code worker.json} in
 * it, so that commands can call the worker. Of several workers the last one counts.
 */
public record FrontAddress(int port, long pid) {
  private static final String FILE = "worker.json";
  private static final int PORT_MAX = 65_535;

  /** The address of a worker that runs on this data folder. */
  public static Optional<FrontAddress> find(Path data) {
    return read(data)
        .filter(found -> ProcessHandle.of(found.pid).filter(ProcessHandle::isAlive).isPresent());
  }

  private static Optional<FrontAddress> read(Path data) {
    try {
      JsonObject json = JsonObject.parse(Files.readAllBytes(data.resolve(FILE)));
      return Optional.of(
          new FrontAddress(
              json.integer("port", 1, PORT_MAX, 0), json.integer("pid", 1, Long.MAX_VALUE, 0)));
    } catch (IOException | InvalidInputException e) {
      return Optional.empty(); // no worker, or one that is just starting
    }
  }

  /** Publishes the port of this process. */
  public static void publish(Path data, int port) throws IOException {
    byte[] text = JsonText.writePretty(Map.of("port", port, "pid", ProcessHandle.current().pid()));
    Files.write(data.resolve(FILE), text);
  }

  /** Removes the address of this process. */
  public static void remove(Path data) throws IOException {
    long self = ProcessHandle.current().pid();
    if (read(data).filter(found -> found.pid == self).isPresent()) {
      Files.deleteIfExists(data.resolve(FILE));
    }
  }
}

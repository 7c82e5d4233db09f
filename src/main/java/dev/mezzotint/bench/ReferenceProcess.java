package dev.mezzotint.bench;

import dev.mezzotint.files.FileErrors;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Another program that runs the same network ({@code src/benchmark/peer/peer.py}): one JSON object
 * a line asks for a turn and answers it. Used by one thread; closed by its creator.
 */
final class ReferenceProcess implements AutoCloseable {
  private static final String ENDED = "the program of --peer ended without an answer";

  private final Process process;
  private final OutputStream in;
  private final BufferedReader out;

  /**
   * @param command the program and its arguments, separated by spaces
   */
  ReferenceProcess(String command) {
    try {
      process =
          new ProcessBuilder(List.of(command.strip().split(" +")))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
    } catch (IOException e) {
      throw new InvalidInputException(
          "--peer", "--peer " + command + " cannot be started: " + FileErrors.reason(e), e);
    }
    in = process.getOutputStream();
    out = process.inputReader(StandardCharsets.UTF_8);
  }

  /**
   * The result of a turn.
   *
   * @param rate images per second
   * @param peakBytes peak resident memory of its process in this turn
   */
  record Turn(double rate, double peakBytes) {}

  void open(String folder, int threads, String device) {
    ask(Map.of("do", "open", "model", folder, "threads", threads, "device", device));
  }

  Turn turn(String what, int batch, double seconds) {
    JsonObject answer = ask(Map.of("do", what, "batch", batch, "seconds", seconds));
    return new Turn(
        answer.number("images", 0, 1e12, 0) / answer.number("seconds", 1e-9, 1e9, 1),
        answer.number("peakBytes", 0, 1e15, 0));
  }

  private JsonObject ask(Map<String, Object> request) {
    try {
      in.write(JsonText.write(new LinkedHashMap<>(request)));
      in.write('\n');
      in.flush();
      String line = out.readLine();
      if (line != null) {
        return JsonObject.parse(line);
      }
    } catch (IOException e) {
      throw new InvalidInputException("--peer", ENDED, e); // it closed its side first
    }
    throw new InvalidInputException("--peer", ENDED);
  }

  @Override
  public void close() {
    process.destroy();
  }
}

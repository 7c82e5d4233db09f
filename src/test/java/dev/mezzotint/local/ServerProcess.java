package dev.mezzotint.local;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.logging.ConsoleHandler;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Runs a broker or a store in its own JVM, so that each can be stopped, killed or paused without
 * the other. Prints {@code ready} to stdout and runs until its stdin is closed.
 */
public final class ServerProcess {
  private ServerProcess() {}

  /**
   * Arguments: {@code broker FOLDER PORT CONTROLLER_PORT [SETTING=VALUE]...} or {@code store FOLDER
   * PORT ACCESS_KEY SECRET_KEY}.
   */
  public static void main(String... args) throws Exception {
    Logger root = Logger.getLogger("");
    for (Handler handler : root.getHandlers()) {
      root.removeHandler(handler);
    }
    root.addHandler(new ConsoleHandler());
    root.setLevel(Level.WARNING);
    Path folder = Path.of(args[1]);
    int port = Integer.parseInt(args[2]);
    if (args[0].equals("broker")) {
      broker(folder, port, Integer.parseInt(args[3]), List.of(args).subList(4, args.length));
    } else {
      store(folder, port, args[3], args[4]);
    }
    System.out.println("ready");
    while (System.in.read() >= 0) {
      // Only the end of the pipe matters: the parent has exited.
    }
    System.exit(0);
  }

  private static void broker(Path folder, int port, int controllerPort, List<String> more)
      throws IOException {
    LocalBroker broker = LocalBroker.start(folder, port, controllerPort, LocalStack.settings(more));
    Runtime.getRuntime().addShutdownHook(new Thread(broker::stop, "stop"));
  }

  private static void store(Path folder, int port, String accessKey, String secretKey)
      throws IOException {
    // Needs no orderly stop: acknowledged writes are on disk.
    LocalStore unused = LocalStore.start(folder, port, accessKey, secretKey);
  }
}

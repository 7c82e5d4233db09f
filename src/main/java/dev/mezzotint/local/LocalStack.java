package dev.mezzotint.local;

import dev.mezzotint.files.FileErrors;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.ConsoleHandler;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * A real Kafka broker and a real S3 server on loopback with their data in one folder, for the
 * embedded default and the tests.
 *
 * <p>Only one stack can run on a folder; an existing folder can be started again, also after a
 * kill. Broker and store can be stopped and restarted separately, on the same ports. Safe for use
 * by several threads.
 *
 * <p>Uses classes that are not on the packaged application's class path, so that {@link
 * LocalStackProcess} runs it in a child JVM.
 */
public final class LocalStack implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(LocalStack.class.getName());
  private static final String ACCESS_KEY = "mezzotint";
  private static final int PORT_ATTEMPTS = 3;
  private static final long STOP_MILLIS_MAX = 10_000;
  private static final long GUEST_POLL_MILLIS = 300;

  private final Path data;
  private final FileChannel lock;
  private final String secretKey;
  private final Map<String, String> brokerSettings;
  private final int brokerPort;
  private final int controllerPort;
  private final int storePort;
  private @Nullable LocalBroker broker;
  private @Nullable LocalStore store;

  /**
   * Start options.
   *
   * @param brokerPort 0 for any free port
   * @param storePort 0 for any free port
   * @param brokerSettings Kafka broker settings that replace the built-in ones
   */
  public record Options(int brokerPort, int storePort, Map<String, String> brokerSettings) {
    public Options {
      brokerSettings = Map.copyOf(brokerSettings);
    }
  }

  private LocalStack(
      Path data, FileChannel lock, String secretKey, Options options, int controllerPort) {
    this.data = data;
    this.lock = lock;
    this.secretKey = secretKey;
    this.brokerSettings = options.brokerSettings();
    this.brokerPort = options.brokerPort();
    this.controllerPort = controllerPort;
    this.storePort = options.storePort();
  }

  /**
   * Starts broker and store and returns once they serve, after 2 to 4 seconds.
   *
   * @param data created if absent
   * @throws IOException if another stack runs on the folder or a server cannot start
   */
  public static LocalStack start(Path data, Options options) throws IOException {
    Path folder = Files.createDirectories(data).toRealPath();
    FileChannel lock = lock(folder);
    try {
      String secretKey = secret(folder);
      for (int attempt = 1; ; attempt++) {
        try {
          LocalStack stack =
              new LocalStack(folder, lock, secretKey, withPorts(options), freePort());
          stack.startAll();
          return stack;
        } catch (IOException e) {
          // Another process may take a free port before the server binds it.
          boolean portsGiven = options.brokerPort() != 0 && options.storePort() != 0;
          if (portsGiven || attempt == PORT_ATTEMPTS) {
            throw e;
          }
        }
      }
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private void startAll() throws IOException {
    try {
      startBroker();
      startStore();
      addresses().write(data);
    } catch (IOException | RuntimeException e) {
      stopBroker();
      stopStore();
      throw e;
    }
  }

  private static FileChannel lock(Path folder) throws IOException {
    FileChannel channel =
        FileChannel.open(
            folder.resolve("stack.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    @Nullable FileLock held;
    try {
      held = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // Closing this channel would release the other stack's lock in this JVM (POSIX).
      throw new IOException("this process already runs a local stack on " + folder, e);
    }
    if (held == null) {
      channel.close();
      throw new IOException("another process already runs a local stack on " + folder);
    }
    return channel;
  }

  /** The store's secret key, created at the first start so that clients survive a restart. */
  private static String secret(Path folder) throws IOException {
    Path file = folder.resolve("secret");
    if (!Files.exists(file) || Files.size(file) == 0) {
      byte[] random = new byte[20];
      new SecureRandom().nextBytes(random);
      Files.deleteIfExists(file);
      StackAddresses.createPrivate(file);
      Files.writeString(file, HexFormat.of().formatHex(random));
    }
    return Files.readString(file).strip();
  }

  private static Options withPorts(Options options) throws IOException {
    return new Options(
        options.brokerPort() == 0 ? freePort() : options.brokerPort(),
        options.storePort() == 0 ? freePort() : options.storePort(),
        options.brokerSettings());
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  public String bootstrapServers() {
    return "127.0.0.1:" + brokerPort;
  }

  public String s3Endpoint() {
    return "http://127.0.0.1:" + storePort;
  }

  public String accessKey() {
    return ACCESS_KEY;
  }

  public String secretKey() {
    return secretKey;
  }

  public StackAddresses addresses() {
    return new StackAddresses(
        bootstrapServers(), s3Endpoint(), accessKey(), secretKey, ProcessHandle.current().pid());
  }

  /** Restarts the broker on its port; does nothing if it is running. */
  public synchronized void startBroker() throws IOException {
    if (broker == null) {
      broker =
          LocalBroker.start(data.resolve("broker"), brokerPort, controllerPort, brokerSettings);
    }
  }

  public synchronized void stopBroker() {
    if (broker != null) {
      broker.stop();
      broker = null;
    }
  }

  /** Restarts the store on its port; does nothing if it is running. */
  public synchronized void startStore() throws IOException {
    if (store == null) {
      store = LocalStore.start(data.resolve("objects"), storePort, ACCESS_KEY, secretKey);
    }
  }

  public synchronized void stopStore() throws IOException {
    if (store != null) {
      store.stop();
      store = null;
    }
  }

  /**
   * Main of the child JVM: {@code DATA BROKER_PORT STORE_PORT [SETTING=VALUE]...}. Prints one line
   * to stdout, {@code ready} or {@code failed: why}, then runs until its stdin is closed, which
   * also happens when the parent dies, and no process holds a {@link SharedStackHandle}.
   */
  public static void main(String... args) {
    PrintStream answers = System.out;
    // Other output must not precede the answer; stderr is the log file.
    System.setOut(System.err);
    logToStderr();

    CountDownLatch parentGone = new CountDownLatch(1);
    AtomicReference<@Nullable LocalStack> running = new AtomicReference<>();
    // Ctrl-C signals the whole process group. The worker still needs the broker to release its
    // records, so the shutdown hook keeps this process running until the parent closes the pipe.
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> closeAfter(parentGone, running), "close-local-stack"));
    Thread watch = new Thread(() -> awaitEndOfUse(parentGone, Path.of(args[0])), "watch-parent");
    watch.setDaemon(true);
    watch.start();
    try {
      running.set(start(Path.of(args[0]), options(args)));
      answers.println("ready");
    } catch (IOException | RuntimeException | Error e) {
      LOG.log(System.Logger.Level.ERROR, "Start failed", e);
      answers.println("failed: " + (e instanceof Error ? e.toString() : FileErrors.describe(e)));
      parentGone.countDown();
      System.exit(1);
    }
  }

  private static void logToStderr() {
    Logger root = Logger.getLogger("");
    for (Handler handler : root.getHandlers()) {
      root.removeHandler(handler);
    }
    root.addHandler(new ConsoleHandler());
    // At INFO, broker and store write hundreds of lines at each start.
    root.setLevel(Level.WARNING);
  }

  private static Options options(String... args) {
    return new Options(
        Integer.parseInt(args[1]),
        Integer.parseInt(args[2]),
        settings(List.of(args).subList(3, args.length)));
  }

  /** Settings of a broker, from arguments {@code SETTING=VALUE}. */
  static Map<String, String> settings(List<String> arguments) {
    Map<String, String> settings = new HashMap<>();
    for (String setting : arguments) {
      int equals = setting.indexOf('=');
      settings.put(setting.substring(0, equals), setting.substring(equals + 1));
    }
    return settings;
  }

  private static void awaitEndOfUse(CountDownLatch parentGone, Path data) {
    try {
      while (System.in.read() >= 0) {
        // Nothing is sent through this pipe; only its end matters.
      }
    } catch (IOException e) {
      // A broken pipe is its end too.
    }
    while (SharedStackHandle.anyAlive(data)) {
      sleep(GUEST_POLL_MILLIS);
    }
    parentGone.countDown();
    System.exit(0);
  }

  private static void closeAfter(
      CountDownLatch parentGone, AtomicReference<@Nullable LocalStack> running) {
    Thread halt = new Thread(LocalStack::haltAfterLimit, "halt");
    halt.setDaemon(true);
    try {
      parentGone.await();
      halt.start();
      LocalStack stack = running.get();
      if (stack != null) {
        stack.close();
      }
    } catch (InterruptedException | IOException e) {
      LOG.log(System.Logger.Level.WARNING, "Stop failed", e);
    }
  }

  private static void haltAfterLimit() {
    sleep(STOP_MILLIS_MAX);
    Runtime.getRuntime().halt(1);
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Stops broker and store and keeps their data. Kafka clients should be closed before. */
  @Override
  public synchronized void close() throws IOException {
    StackAddresses.remove(data);
    try (lock) {
      stopBroker();
      stopStore();
    }
  }
}

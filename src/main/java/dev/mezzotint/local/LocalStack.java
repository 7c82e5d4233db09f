package dev.mezzotint.local;

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
 * A real Kafka broker and a real S3 server on loopback, with their data under one folder: the
 * embedded default and the tests run on it.
 *
 * <p>Only one stack can run on a folder; a kept folder can be started again, also after a kill.
 * Broker and store can be stopped and started separately, on the same ports. Safe for use by
 * several threads.
 *
 * <p>Uses classes that the packaged application does not have: there, {@link LocalStackProcess}
 * runs it as a child JVM.
 */
public final class LocalStack implements AutoCloseable {
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
   * What may be chosen at a start.
   *
   * @param brokerPort 0 for any free one
   * @param storePort 0 for any free one
   * @param brokerSettings Kafka broker settings over the built-in ones
   */
  public record Options(int brokerPort, int storePort, Map<String, String> brokerSettings) {
    public Options {
      brokerSettings = Map.copyOf(brokerSettings);
    }

    public static Options defaults() {
      return new Options(0, 0, Map.of());
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

  public static LocalStack start(Path data) throws IOException {
    return start(data, Options.defaults());
  }

  /**
   * Starts both and returns once they serve; 2 to 4 seconds.
   *
   * @param data created if absent
   * @throws IOException if another stack runs on the folder, or a server cannot start
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
          // Between finding a free port and taking it somebody else may have taken it.
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
      // Closing this channel would drop the other stack's lock in this JVM (POSIX), so it stays.
      throw new IOException("another stack of this process runs on " + folder, e);
    }
    if (held == null) {
      channel.close();
      throw new IOException("another process runs a local stack on " + folder);
    }
    return channel;
  }

  /** The store's secret, made at the first start so that clients survive a restart. */
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

  /** Starts the broker again on its port; nothing happens if it runs. */
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

  /** Starts the store again on its port; nothing happens if it runs. */
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
   * The child JVM: {@code DATA BROKER_PORT STORE_PORT [SETTING=VALUE]...}. Answers one line on
   * stdout, {@code ready} or {@code failed: why}, and then runs until its stdin ends, which the
   * death of the parent brings about in any case, and no {@link SharedStackHandle} is left.
   */
  public static void main(String... args) {
    PrintStream answers = System.out;
    // Whoever prints must not speak in place of the answer; stderr is the log file.
    System.setOut(System.err);
    logToStderr();

    CountDownLatch parentGone = new CountDownLatch(1);
    AtomicReference<@Nullable LocalStack> running = new AtomicReference<>();
    // Ctrl-C reaches the whole group of processes. The worker still needs its broker to hand back
    // what it holds, so this process goes on in its shutdown hook until the parent lets it go.
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> closeAfter(parentGone, running), "close-local-stack"));
    Thread watch = new Thread(() -> awaitEndOfUse(parentGone, Path.of(args[0])), "watch-parent");
    watch.setDaemon(true);
    watch.start();
    try {
      running.set(start(Path.of(args[0]), options(args)));
      answers.println("ready");
    } catch (IOException | RuntimeException | Error e) {
      Logger.getLogger(LocalStack.class.getName()).log(Level.SEVERE, "start failed", e);
      answers.println("failed: " + (e instanceof Error ? e.toString() : e.getMessage()));
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
    // At INFO broker and store write some hundred lines at every start.
    root.setLevel(Level.WARNING);
  }

  private static Options options(String... args) {
    Map<String, String> settings = new HashMap<>();
    for (String setting : List.of(args).subList(3, args.length)) {
      int equals = setting.indexOf('=');
      settings.put(setting.substring(0, equals), setting.substring(equals + 1));
    }
    return new Options(Integer.parseInt(args[1]), Integer.parseInt(args[2]), settings);
  }

  private static void awaitEndOfUse(CountDownLatch parentGone, Path data) {
    try {
      while (System.in.read() >= 0) {
        // Nothing is said on this pipe; only its end means something.
      }
    } catch (IOException e) {
      // A broken pipe is an end as well.
    }
    while (SharedStackHandle.anyAlive(data)) {
      sleep(GUEST_POLL_MILLIS);
    }
    parentGone.countDown();
    System.exit(0);
  }

  private static void closeAfter(
      CountDownLatch parentGone, AtomicReference<@Nullable LocalStack> running) {
    Thread last = new Thread(LocalStack::haltAfterLimit, "halt");
    last.setDaemon(true);
    try {
      parentGone.await();
      last.start();
      LocalStack stack = running.get();
      if (stack != null) {
        stack.close();
      }
    } catch (InterruptedException | IOException e) {
      Logger.getLogger(LocalStack.class.getName()).log(Level.WARNING, "stop failed", e);
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

  /** Stops both; the data stay. Kafka clients are to be closed before. */
  @Override
  public synchronized void close() throws IOException {
    StackAddresses.remove(data);
    try (lock) {
      stopBroker();
      stopStore();
    }
  }
}

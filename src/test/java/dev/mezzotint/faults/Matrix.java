package dev.mezzotint.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.faults.Evidence.Fence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/** What all rows share: site, the short or long form, the table. Rows run one after the other. */
final class Matrix implements AutoCloseable {
  static final int LOCK_SECONDS = 4;
  static final int LANES = 2;

  /** Says every second that the broker is away, which it is to be. Held, or its level is lost. */
  private static final Logger CLIENTS = Logger.getLogger("org.apache.kafka.clients.NetworkClient");

  private static final Duration SETTLE_LIMIT = Duration.ofSeconds(30);

  private final Site site;
  private final EventLog log;
  private final FaultTable table = new FaultTable();
  private final boolean full = "long".equals(System.getProperty("faults"));

  Matrix(Path folder, Path logs) throws IOException {
    CLIENTS.setLevel(Level.OFF);
    site = new Site(folder, logs, LOCK_SECONDS, LANES);
    site.crew().prepare(2);
    site.crew().atWork(2);
    log = new EventLog(site);
  }

  /** The figure of the long form with {@code -Dfaults=long}, else the short one's. */
  int size(int small, int large) {
    return full ? large : small;
  }

  Site site() {
    return site;
  }

  Crew crew() {
    return site.crew();
  }

  EventLog log() {
    return log;
  }

  FaultTable table() {
    return table;
  }

  /** The jobs of one row and what was done to them. */
  final class Batch {
    private final String prefix;
    private final Map<String, Integer> sent = new LinkedHashMap<>();
    private final List<Fence> fences = new ArrayList<>();
    private final AtomicInteger strikes = new AtomicInteger();

    private Batch(String prefix) {
      this.prefix = prefix;
    }

    /** What the ids of all its jobs begin with. */
    String prefix() {
      return prefix;
    }

    Map<String, Integer> sent() {
      return sent;
    }

    Set<String> ids() {
      return sent.keySet();
    }

    /** Sends jobs of so many images with so many steps each; returns their ids. */
    List<String> send(int jobs, int images, int steps) {
      return send(jobs, images, steps, "");
    }

    List<String> send(int jobs, int images, int steps, String more) {
      List<String> ids = new ArrayList<>();
      List<String> requests = new ArrayList<>();
      for (int i = 0; i < jobs; i++) {
        String id = prefix + String.format(Locale.ROOT, "%03d", sent.size());
        sent.put(id, images);
        ids.add(id);
        requests.add(request(id, images, steps, more));
      }
      site.send(requests);
      return ids;
    }

    /** The fault has happened once more. */
    void struck() {
      strikes.incrementAndGet();
    }

    int strikes() {
      return strikes.get();
    }

    boolean concerns(StoreCall call) {
      return call.key().startsWith("jobs/" + prefix);
    }

    /** From now on this worker has lost these jobs. */
    void fence(String worker, Set<String> jobs) {
      long call = site.calls().all().stream().mapToLong(StoreCall::number).max().orElse(0);
      fences.add(new Fence(worker, Set.copyOf(jobs), log.end(), call));
    }
  }

  static String request(String id, int images, int steps, String more) {
    return "{\"id\":\"%s\",\"model\":\"%s\",\"count\":%d,\"steps\":%d%s}"
        .formatted(id, Site.MODEL, images, steps, more);
  }

  /** Sends jobs and attacks them; returns once the fault is over. */
  interface Attack {
    void run(Batch batch) throws Exception;
  }

  /** Runs a row, adds it to the table and demands that nothing was lost, twice or stuck. */
  Findings row(String fault, int limitSeconds, Attack attack) throws Exception {
    Findings findings = judge(fault, limitSeconds, attack);
    assertThat(findings.violations()).as(fault).isEmpty();
    return findings;
  }

  private Findings judge(String fault, int limitSeconds, Attack attack) throws Exception {
    long begin = System.nanoTime();
    Batch batch = batch(fault);
    attack.run(batch);
    Findings findings = findings(batch, limitSeconds);
    table.add(fault, findings, System.nanoTime() - begin);
    System.out.printf(
        Locale.ROOT,
        "%s: %s, %d strikes, %d s%n",
        fault,
        findings,
        batch.strikes(),
        Math.round((System.nanoTime() - begin) / 1e9));
    assertThat(batch.strikes()).as("%s: how often the fault happened", fault).isPositive();
    return findings;
  }

  Batch batch(String fault) {
    return new Batch(fault.replaceAll("[^A-Za-z0-9]+", "-") + "-");
  }

  /** Waits until all have ended and the queue is empty, then looks. */
  Findings findings(Batch batch, int limitSeconds) {
    log.awaitEnds(batch.ids(), Duration.ofSeconds(limitSeconds));
    await(SETTLE_LIMIT, () -> Evidence.unsettled(site) == 0);
    return Checker.check(evidence(batch));
  }

  Evidence evidence(Batch batch) {
    return Evidence.collect(site, batch.prefix(), batch.sent(), batch.fences);
  }

  /** False if it does not come true in this time. */
  static boolean await(Duration limit, BooleanSupplier condition) {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end >= 0) {
        return false;
      }
      sleep(50);
    }
    return true;
  }

  static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() throws IOException {
    log.close();
    site.close();
    Path file = Path.of("target", "fault-matrix.md");
    Files.createDirectories(file.getParent());
    Files.writeString(file, table.markdown());
    System.out.println(table.markdown());
  }
}

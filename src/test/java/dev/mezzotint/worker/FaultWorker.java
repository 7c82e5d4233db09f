package dev.mezzotint.worker;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.torch.TorchDevice;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import java.util.logging.ConsoleHandler;
import java.util.logging.Logger;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * The worker that the fault matrix attacks: the real one in a JVM of its own, on this one's class
 * path. Made ready beforehand, it begins at a word, so that a row need not wait for a JVM.
 *
 * <p>Lines on stdin: {@code go [KEY=VALUE]...} begins with these settings; {@code clock SECONDS}
 * moves the clock of its jobs. The end of stdin ends it.
 */
public final class FaultWorker {
  private static final AtomicLong CLOCK_OFFSET_SECONDS = new AtomicLong();

  /** Of all; held, or its handlers are lost. */
  private static final Logger LOG = Logger.getLogger("");

  private FaultWorker() {}

  public static void main(String... args) throws Exception {
    if (LOG.getHandlers().length == 0) {
      LOG.addHandler(new ConsoleHandler());
    }
    TorchDevice.open("cpu", 1); // loads the native libraries
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    System.out.println("standby");
    for (String line = orders.readLine(); line != null; line = orders.readLine()) {
      String[] words = line.split(" ");
      switch (words[0]) {
        case "go" -> go(words);
        case "clock" -> CLOCK_OFFSET_SECONDS.set(Long.parseLong(words[1]));
        default -> throw new IllegalArgumentException(line);
      }
    }
    Runtime.getRuntime().halt(1);
  }

  private static void go(String... words) throws Exception {
    UnaryOperator<DeliveryHandler> wiring = UnaryOperator.identity();
    for (int i = 1; i < words.length; i++) {
      String[] setting = words[i].split("=", 2);
      if (setting[0].equals("accept-first")) {
        wiring = FaultWorker::acceptsFirst;
      } else {
        System.setProperty(setting[0], setting[1]);
      }
    }
    WorkerConfig settings = WorkerConfig.read(ConfigProvider.getConfig());
    Worker worker = start(settings, wiring);
    Runtime.getRuntime().addShutdownHook(new Thread(worker::close, "stop"));
    System.out.println("ready");
  }

  /** As the application does it: tries until broker and store are there. */
  private static Worker start(WorkerConfig settings, UnaryOperator<DeliveryHandler> wiring)
      throws InterruptedException {
    while (true) {
      try {
        return Worker.start(
            settings,
            Endpoints.running(settings),
            () -> Instant.now().plusSeconds(CLOCK_OFFSET_SECONDS.get()),
            wiring);
      } catch (TransientException e) {
        System.err.println("not started yet: " + e);
        Thread.sleep(500);
      }
    }
  }

  /** The mistake that the matrix must catch: a record is accepted before its job is committed. */
  private static DeliveryHandler acceptsFirst(DeliveryHandler real) {
    return delivery -> {
      ForkJoinPool.commonPool().execute(() -> handle(real, delivery));
      return DeliveryHandler.Settlement.ACCEPT;
    };
  }

  private static void handle(DeliveryHandler real, Delivery delivery) {
    try {
      real.handle(delivery);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

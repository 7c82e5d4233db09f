package dev.mezzotint.bench;

import dev.mezzotint.iadb.Solver;
import dev.mezzotint.job.Priority;
import dev.mezzotint.sampling.BatchCurve;
import dev.mezzotint.sampling.Pass;
import dev.mezzotint.sampling.ScheduledJob;
import dev.mezzotint.sampling.StepPolicy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;

/**
 * Simulates three ways of serving the same requests, for the comparison in {@code
 * docs/batching.md}: batched by step with this software's policy; batched by request, where no
 * request joins a running batch; and one by one. All three run passes of the same costs on the same
 * clock, which is the machine's or a virtual one. Used by one thread at a time.
 */
public final class ServingModes {
  private static final int IMAGES_MAX = 16;
  private static final int STEPS_MIN = 8;
  private static final int STEPS_MAX = 64;
  private static final Solver[] SOLVERS = {Solver.EULER, Solver.AB2, Solver.HEUN};

  /**
   * @param arrives nanoseconds after the start
   * @param stages evaluations of each image
   */
  public record Request(long arrives, int images, int steps, Solver solver, int stages) {
    long rowSteps() {
      return (long) images * stages;
    }
  }

  /** A device with a clock. */
  public interface Passes {

    /** Nanoseconds since the start. */
    long now();

    void await(long nanos);

    void pass(int size);
  }

  private interface Mode {
    void arrived(int request);

    /** Runs a pass; false if no request waits. */
    boolean pass();
  }

  private final List<Request> requests;
  private final BatchCurve curve;
  private final Passes device;
  private final long[] ended;
  private final int[] rowsLeft;

  private ServingModes(List<Request> requests, BatchCurve curve, Passes device) {
    this.requests = requests;
    this.curve = curve;
    this.device = device;
    this.ended = new long[requests.size()];
    this.rowsLeft = requests.stream().mapToInt(Request::images).toArray();
  }

  /**
   * The result of a run.
   *
   * @param latencies seconds from arrival to the last image of each request, sorted
   * @param rowStepsPerSecond from the first arrival to the last end
   */
  public record Outcome(double[] latencies, double rowStepsPerSecond) {

    /**
     * @param share 0.5 for the median
     */
    public double quantile(double share) {
      return latencies[Math.min(latencies.length - 1, (int) (share * latencies.length))];
    }
  }

  /** A mixed request: 1 to 16 images, 8 to 64 steps, three solvers, all equally likely. */
  public static Request mixed(Random random, long arrives) {
    int steps = STEPS_MIN + random.nextInt(STEPS_MAX - STEPS_MIN + 1);
    Solver solver = SOLVERS[random.nextInt(SOLVERS.length)];
    return new Request(
        arrives,
        1 + random.nextInt(IMAGES_MAX),
        steps,
        solver,
        steps * solver.evaluationsPerStep());
  }

  /** Mean evaluations of a mixed request, all images together. */
  public static double meanRowSteps() {
    double evaluations =
        Arrays.stream(SOLVERS).mapToInt(Solver::evaluationsPerStep).average().orElseThrow();
    return (1 + IMAGES_MAX) / 2.0 * (STEPS_MIN + STEPS_MAX) / 2.0 * evaluations;
  }

  /** Mixed requests with exponentially distributed gaps. */
  public static List<Request> poisson(int count, double perSecond, long seed) {
    Random random = new Random(seed);
    List<Request> requests = new ArrayList<>();
    double nanos = 0;
    for (int i = 0; i < count; i++) {
      requests.add(mixed(random, (long) nanos));
      nanos -= 1e9 * Math.log(1 - random.nextDouble()) / perSecond;
    }
    return requests;
  }

  /** A device with a virtual clock, whose passes take exactly what the curve says. */
  public static Passes virtual(BatchCurve curve) {
    return new Passes() {
      private long now;

      @Override
      public long now() {
        return now;
      }

      @Override
      public void await(long nanos) {
        now = Math.max(now, nanos);
      }

      @Override
      public void pass(int size) {
        now += curve.nanosOf(size);
      }
    };
  }

  /**
   * Batches by step with this software's policy.
   *
   * @param lanes requests in progress at once; others wait in order of arrival
   */
  public static Outcome atTheStep(
      List<Request> requests, BatchCurve curve, int slots, int lanes, Passes device) {
    ServingModes run = new ServingModes(requests, curve, device);
    return run.run(run.new ByStep(slots, lanes));
  }

  /**
   * Batches by request, first come, first served: as many waiting requests as fit into {@code rows}
   * rows start together, the first one whatever its size. No request joins them; each ends with its
   * own last step, and passes become smaller as rows end.
   *
   * @param rows 1 for one request at a time
   */
  public static Outcome byRequest(
      List<Request> requests, BatchCurve curve, int rows, Passes device) {
    ServingModes run = new ServingModes(requests, curve, device);
    return run.run(run.new ByRequest(rows));
  }

  private Outcome run(Mode mode) {
    int arrived = 0;
    while (true) {
      while (arrived < requests.size() && requests.get(arrived).arrives() <= device.now()) {
        mode.arrived(arrived++);
      }
      if (!mode.pass()) {
        if (arrived == requests.size()) {
          return outcome();
        }
        device.await(requests.get(arrived).arrives());
      }
    }
  }

  private void rowEnded(int request) {
    if (--rowsLeft[request] == 0) {
      ended[request] = device.now();
    }
  }

  private Outcome outcome() {
    double[] latencies = new double[requests.size()];
    long rowSteps = 0;
    long last = 1;
    for (int i = 0; i < latencies.length; i++) {
      latencies[i] = (ended[i] - requests.get(i).arrives()) / 1e9;
      rowSteps += requests.get(i).rowSteps();
      last = Math.max(last, ended[i]);
    }
    Arrays.sort(latencies);
    return new Outcome(latencies, rowSteps * 1e9 / (last - requests.get(0).arrives()));
  }

  private final class ByStep implements Mode {
    private final StepPolicy policy = new StepPolicy();

    private final class Numbered extends ScheduledJob {
      final int request;

      Numbered(int request) {
        super(
            "",
            "",
            Priority.NORMAL,
            requests.get(request).images(),
            requests.get(request).stages(),
            requests.get(request).arrives(),
            NEVER);
        this.request = request;
      }
    }

    private final Queue<Integer> waiting = new ArrayDeque<>();
    private int lanes;

    ByStep(int slots, int lanes) {
      policy.open("", slots, curve);
      this.lanes = lanes;
    }

    @Override
    public void arrived(int request) {
      waiting.add(request);
    }

    @Override
    public boolean pass() {
      for (; lanes > 0 && !waiting.isEmpty(); lanes--) {
        policy.add(new Numbered(waiting.remove()));
      }
      Pass pass = policy.next();
      if (pass == null) {
        return false;
      }
      long before = device.now();
      device.pass(pass.size());
      for (ScheduledJob.Row row : policy.passed(pass, device.now() - before)) {
        rowEnded(((Numbered) row.job).request);
        lanes += row.job.stagesLeft() == 0 ? 1 : 0;
      }
      return true;
    }
  }

  private final class ByRequest implements Mode {
    private final int rowsMax;
    private final Queue<Integer> waiting = new ArrayDeque<>();

    /** Request and stages left of each row of the batch. */
    private final List<int[]> batch = new ArrayList<>();

    private int next;

    ByRequest(int rowsMax) {
      this.rowsMax = rowsMax;
    }

    @Override
    public void arrived(int request) {
      waiting.add(request);
    }

    @Override
    public boolean pass() {
      if (batch.isEmpty()) {
        fill();
      }
      if (batch.isEmpty()) {
        return false;
      }
      int cap = curve.sizes()[curve.sizes().length - 1];
      int size = curve.choose(batch.size(), cap);
      device.pass(size);
      // Rows that the last pass left out come first.
      int rows = Math.min(size, batch.size());
      for (int i = 0; i < rows; i++) {
        next = next < batch.size() ? next : 0;
        int[] row = batch.get(next);
        if (--row[1] == 0) {
          batch.remove(next);
          rowEnded(row[0]);
        } else {
          next++;
        }
      }
      return true;
    }

    private void fill() {
      Integer request = waiting.peek();
      while (request != null
          && (batch.isEmpty() || batch.size() + requests.get(request).images() <= rowsMax)) {
        waiting.remove();
        for (int i = 0; i < requests.get(request).images(); i++) {
          batch.add(new int[] {request, requests.get(request).stages()});
        }
        request = waiting.peek();
      }
      next = 0;
    }
  }
}

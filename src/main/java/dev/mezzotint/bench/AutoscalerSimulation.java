package dev.mezzotint.bench;

import dev.mezzotint.autoscaling.Demand;
import dev.mezzotint.autoscaling.ScalingTarget;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Replays arrivals against the autoscaler's rules in virtual time: KEDA's between zero and one pod,
 * the horizontal pod autoscaler's above, with {@link ScalingTarget} between them, as the manifests
 * of this repository set them. Time advances in ticks of half a second; jobs are taken oldest
 * first, by any pod with a free lane, and take as long as on a full pod.
 */
public final class AutoscalerSimulation {
  private static final double TICK = 0.5;

  /** Limit beyond the trace's end, for clusters that never catch up. */
  private static final double OVERTIME_SECONDS = 30 * 86_400.0;

  private static final double POLL_SECONDS = 15;

  /** Time without a job before the last pod stops. */
  private static final double COOLDOWN_SECONDS = 300;

  /** Scaling down follows the highest wish within this window. */
  private static final double STABILIZATION_SECONDS = 300;

  /** Share of the pods that may stop per minute. */
  private static final double DOWN_SHARE = 0.25;

  /** Time that a stopping pod has for its running jobs. */
  private static final double DRAIN_SECONDS = 20;

  private final SimulatedCluster cluster;
  private final double[] arrivals;
  private final Deque<Integer> waiting = new ArrayDeque<>();
  private final List<Pod> pods = new ArrayList<>();
  private final Random random = new Random(1);
  private final double[] started;
  private final boolean[] done;
  private final Deque<double[]> wishes = new ArrayDeque<>(); // time, pods
  private double now;
  private int next;
  private int left;
  private double lastActive;
  private double podSeconds;
  private double busySeconds;
  private int killed;
  private double killedSeconds;
  private int maxPods;
  private int starts;
  private double mayShrinkAt;

  /** A pod and its running jobs: index and end of each. */
  private static final class Pod {
    private final double readyAt;
    private double stopAt = Double.POSITIVE_INFINITY;
    private final List<double[]> running = new ArrayList<>();

    Pod(double readyAt) {
      this.readyAt = readyAt;
    }

    boolean stopping() {
      return stopAt < Double.POSITIVE_INFINITY;
    }
  }

  /**
   * The result of a trace.
   *
   * @param waits seconds from each job's arrival to its last start, sorted
   * @param podHours from the decision for each pod to its end, start-up included
   * @param busyHours of full work within them
   * @param killed job starts that ended with their pod and were repeated
   * @param killedSeconds that those had run
   * @param maxPods most pods at the same time
   * @param starts pods started
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Outcome(
      double[] waits,
      double podHours,
      double busyHours,
      int killed,
      double killedSeconds,
      int maxPods,
      int starts) {

    /**
     * @param share from 0 to 1
     */
    public double waitQuantile(double share) {
      return waits.length == 0
          ? 0
          : waits[(int) Math.min(waits.length - 1.0, Math.floor(share * waits.length))];
    }
  }

  private AutoscalerSimulation(SimulatedCluster cluster, ArrivalTrace arrivals) {
    this.cluster = cluster;
    this.arrivals = arrivals.seconds();
    this.left = this.arrivals.length;
    this.started = new double[this.arrivals.length];
    this.done = new boolean[this.arrivals.length];
    for (int i = 0; i < cluster.minPods(); i++) {
      pods.add(new Pod(0));
      starts++;
    }
  }

  public static Outcome run(SimulatedCluster cluster, ArrivalTrace arrivals) {
    return new AutoscalerSimulation(cluster, arrivals).run();
  }

  private Outcome run() {
    double last = arrivals.length == 0 ? 0 : arrivals[arrivals.length - 1];
    double pollAt = 0;
    // Until the cluster is idle again: pods that are still running cost, too.
    while ((left > 0 || pods.size() > cluster.minPods()) && now < last + OVERTIME_SECONDS) {
      while (next < arrivals.length && arrivals[next] <= now) {
        waiting.addLast(next++);
      }
      finishJobs();
      startJobs();
      if (now >= pollAt) {
        scale();
        pollAt += POLL_SECONDS;
      }
      maxPods = Math.max(maxPods, pods.size());
      podSeconds += pods.size() * TICK;
      for (Pod pod : pods) {
        busySeconds += TICK * pod.running.size() / cluster.lanes();
      }
      now += TICK;
    }
    double[] waits =
        IntStream.range(0, arrivals.length)
            .filter(i -> done[i])
            .mapToDouble(i -> started[i] - arrivals[i])
            .sorted()
            .toArray();
    return new Outcome(
        waits, podSeconds / 3600, busySeconds / 3600, killed, killedSeconds, maxPods, starts);
  }

  private void finishJobs() {
    for (Iterator<Pod> each = pods.iterator(); each.hasNext(); ) {
      Pod pod = each.next();
      for (Iterator<double[]> jobs = pod.running.iterator(); jobs.hasNext(); ) {
        double[] job = jobs.next();
        if (job[1] <= now) {
          done[(int) job[0]] = true;
          left--;
          jobs.remove();
        }
      }
      if (pod.stopping() && (pod.running.isEmpty() || now >= pod.stopAt)) {
        for (double[] job : pod.running) {
          killed++;
          killedSeconds += now - started[(int) job[0]];
          waiting.addFirst((int) job[0]); // released: the oldest of all waiting jobs
        }
        each.remove();
      }
    }
  }

  /** Gives the oldest jobs to free pods at random: whichever polls first. */
  private void startJobs() {
    List<Pod> free = new ArrayList<>();
    for (Pod pod : pods) {
      if (takes(pod)) {
        free.add(pod);
      }
    }
    while (!waiting.isEmpty() && !free.isEmpty()) {
      int index = random.nextInt(free.size());
      Pod pod = free.get(index);
      int job = waiting.removeFirst();
      started[job] = now;
      pod.running.add(new double[] {job, now + cluster.jobLatency()});
      if (!takes(pod)) {
        free.remove(index);
      }
    }
  }

  private boolean takes(Pod pod) {
    return now >= pod.readyAt && !pod.stopping() && pod.running.size() < cluster.lanes();
  }

  private void scale() {
    long jobs = waiting.size();
    int alive = 0;
    for (Pod pod : pods) {
      jobs += pod.running.size();
      alive += pod.stopping() ? 0 : 1;
    }
    Demand demand = new Demand(jobs, /* paused= */ 0, cluster.jobSeconds());
    if (demand.active()) {
      lastActive = now;
    }
    boolean idle = !demand.active() && now - lastActive >= COOLDOWN_SECONDS;
    int wish = Math.max(cluster.minPods(), cluster.target().workers(demand, cluster.maxPods()));
    wish = idle ? cluster.minPods() : Math.max(1, wish);
    wishes.addLast(new double[] {now, wish});
    while (wishes.getFirst()[0] < now - STABILIZATION_SECONDS) {
      wishes.removeFirst();
    }
    if (wish > alive) {
      // Twice as many or four more per poll: the policies of the manifests.
      int allowed = alive == 0 ? 1 : Math.max(2 * alive, alive + 4);
      for (int i = alive; i < Math.min(wish, allowed); i++) {
        pods.add(new Pod(now + cluster.startup()));
        starts++;
      }
    } else if (alive > 0) {
      shrink(alive, wish, idle);
    }
  }

  private void shrink(int alive, int wish, boolean idle) {
    int highest = wishes.stream().mapToInt(w -> (int) w[1]).max().orElse(wish);
    int target = idle ? wish : Math.max(highest, 1);
    if (target >= alive || (!idle && now < mayShrinkAt)) {
      return;
    }
    int surplus = alive - target;
    if (!idle) {
      surplus = (int) Math.min(surplus, Math.max(1, Math.floor(alive * DOWN_SHARE)));
      mayShrinkAt = now + 60;
    }
    // Kubernetes does not know which pods are busy: the youngest stop first.
    for (int i = pods.size() - 1; i >= 0 && surplus > 0; i--) {
      if (!pods.get(i).stopping()) {
        pods.get(i).stopAt = now + DRAIN_SECONDS;
        surplus--;
      }
    }
  }
}

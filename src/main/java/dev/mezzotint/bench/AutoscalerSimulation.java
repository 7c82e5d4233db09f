package dev.mezzotint.bench;

import dev.mezzotint.autoscaling.Demand;
import dev.mezzotint.autoscaling.ScalingTarget;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Random;

/**
 * Replays arrivals against the autoscaler's rules in virtual time: KEDA's between zero and one,
 * those of Kubernetes above, with {@link ScalingTarget} between them. Time goes in ticks of half a
 * second; jobs are taken oldest first, by any pod that has a free lane, and take as long as they do
 * on a full pod.
 */
public final class AutoscalerSimulation {
  private static final double TICK = 0.5;

  /** Beyond the trace's end, so that a cluster that never catches up ends too. */
  private static final double OVERTIME_SECONDS = 30 * 86_400.0;

  private final SimulatedCluster settings;
  private final double[] arrivals;
  private final Deque<Integer> waiting = new ArrayDeque<>();
  private final List<Pod> pods = new ArrayList<>();
  private final Random chance = new Random(1);
  private final double[] started;
  private final boolean[] done;
  private final Deque<double[]> wishes = new ArrayDeque<>();
  private double now;
  private int next;
  private int left;
  private double lastActive;
  private double podSeconds;
  private double busySeconds;
  private int killed;
  private double killedSeconds;
  private int most;
  private int starts;
  private double mayGoAt;

  /** A pod and the jobs that it has in hand: index and end of each. */
  private static final class Pod {
    private final double readyAt;
    private double stopAt = Double.POSITIVE_INFINITY;
    private final List<double[]> inHand = new ArrayList<>();

    Pod(double readyAt) {
      this.readyAt = readyAt;
    }

    boolean stopping() {
      return stopAt < Double.POSITIVE_INFINITY;
    }
  }

  private AutoscalerSimulation(SimulatedCluster settings, ScaleArrivals arrivals) {
    this.settings = settings;
    this.arrivals = arrivals.seconds();
    this.left = this.arrivals.length;
    this.started = new double[this.arrivals.length];
    this.done = new boolean[this.arrivals.length];
    for (int i = 0; i < settings.podsMin(); i++) {
      pods.add(new Pod(0));
      starts++;
    }
  }

  public static ScalingOutcome run(SimulatedCluster settings, ScaleArrivals arrivals) {
    return new AutoscalerSimulation(settings, arrivals).run();
  }

  private ScalingOutcome run() {
    double last = arrivals.length == 0 ? 0 : arrivals[arrivals.length - 1];
    double pollAt = 0;
    // Until all is done and the cluster is at rest again, whose pods cost too.
    while ((left > 0 || pods.size() > settings.podsMin()) && now < last + OVERTIME_SECONDS) {
      while (next < arrivals.length && arrivals[next] <= now) {
        waiting.addLast(next++);
      }
      finish();
      begin();
      if (now >= pollAt) {
        scale();
        pollAt += settings.poll();
      }
      most = Math.max(most, pods.size());
      podSeconds += pods.size() * TICK;
      for (Pod pod : pods) {
        busySeconds += TICK * pod.inHand.size() / settings.lanes();
      }
      now += TICK;
    }
    double[] waits = new double[arrivals.length];
    int counted = 0;
    for (int i = 0; i < arrivals.length; i++) {
      if (done[i]) {
        waits[counted++] = started[i] - arrivals[i];
      }
    }
    waits = Arrays.copyOf(waits, counted);
    Arrays.sort(waits);
    return new ScalingOutcome(
        waits, podSeconds / 3600, busySeconds / 3600, killed, killedSeconds, most, starts);
  }

  private void finish() {
    for (Iterator<Pod> each = pods.iterator(); each.hasNext(); ) {
      Pod pod = each.next();
      for (Iterator<double[]> jobs = pod.inHand.iterator(); jobs.hasNext(); ) {
        double[] job = jobs.next();
        if (job[1] <= now) {
          done[(int) job[0]] = true;
          left--;
          jobs.remove();
        }
      }
      if (pod.stopping() && (pod.inHand.isEmpty() || now >= pod.stopAt)) {
        for (double[] job : pod.inHand) {
          // Handed back: the oldest of all that wait.
          killed++;
          killedSeconds += now - started[(int) job[0]];
          waiting.addFirst((int) job[0]);
        }
        each.remove();
      }
    }
  }

  /** Whoever asks first has the oldest job; that is nobody in particular. */
  private void begin() {
    List<Pod> free = new ArrayList<>();
    for (Pod pod : pods) {
      if (takes(pod)) {
        free.add(pod);
      }
    }
    while (!waiting.isEmpty() && !free.isEmpty()) {
      int who = chance.nextInt(free.size());
      Pod pod = free.get(who);
      int job = waiting.removeFirst();
      started[job] = now;
      pod.inHand.add(new double[] {job, now + settings.jobLatency()});
      if (!takes(pod)) {
        free.remove(who);
      }
    }
  }

  private boolean takes(Pod pod) {
    return now >= pod.readyAt && !pod.stopping() && pod.inHand.size() < settings.lanes();
  }

  private void scale() {
    long jobs = waiting.size();
    int alive = 0;
    for (Pod pod : pods) {
      jobs += pod.inHand.size();
      alive += pod.stopping() ? 0 : 1;
    }
    Demand demand = new Demand(jobs, /* paused= */ 0, settings.jobSeconds());
    if (demand.active()) {
      lastActive = now;
    }
    int wish = wish(demand);
    wishes.addLast(new double[] {now, wish});
    while (wishes.getFirst()[0] < now - settings.stabilization()) {
      wishes.removeFirst();
    }
    if (wish > alive) {
      // Twice as many or four more per look: the policies of the manifests.
      int allowed = alive == 0 ? 1 : Math.max(2 * alive, alive + 4);
      for (int i = alive; i < Math.min(wish, allowed); i++) {
        pods.add(new Pod(now + settings.startup()));
        starts++;
      }
    } else if (alive > 0) {
      shrink(alive, wish, demand);
    }
  }

  private int wish(Demand demand) {
    int wish = Math.max(settings.podsMin(), settings.target().workers(demand, settings.podsMax()));
    boolean rests = !demand.active() && now - lastActive >= settings.cooldown();
    return rests ? settings.podsMin() : Math.max(1, wish);
  }

  private void shrink(int alive, int wish, Demand demand) {
    int highest = wishes.stream().mapToInt(w -> (int) w[1]).max().orElse(wish);
    boolean rests = !demand.active() && now - lastActive >= settings.cooldown();
    int target = rests ? wish : Math.max(highest, 1);
    if (target >= alive || (!rests && now < mayGoAt)) {
      return;
    }
    int go = alive - target;
    if (!rests) {
      go = (int) Math.min(go, Math.max(1, Math.floor(alive * settings.downShare())));
      mayGoAt = now + 60;
    }
    // Kubernetes asks nobody which pod is busy: the youngest go first.
    for (int i = pods.size() - 1; i >= 0 && go > 0; i--) {
      if (!pods.get(i).stopping()) {
        pods.get(i).stopAt = now + settings.drain();
        go--;
      }
    }
  }
}

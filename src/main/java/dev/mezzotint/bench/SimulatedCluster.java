package dev.mezzotint.bench;

import dev.mezzotint.autoscaling.ScalingTarget;

/**
 * A cluster as the simulation sees it; all times in seconds.
 *
 * @param target of one worker
 * @param jobSeconds of one full worker per job: its throughput is the inverse
 * @param jobLatency of a job from its start to its end on a full worker; lanes = latency / seconds
 * @param startup from the decision for a pod to its readiness: node, image, libtorch, model
 * @param podsMin pods that are always there
 * @param podsMax pods at most
 * @param poll between two looks of the autoscaler
 * @param cooldown without a job before the last pod goes
 * @param stabilization the highest wish of so long counts before pods go
 * @param downShare of the pods that may go per minute
 * @param drain that a pod has for the jobs in hand
 */
public record SimulatedCluster(
    ScalingTarget target,
    double jobSeconds,
    double jobLatency,
    double startup,
    int podsMin,
    int podsMax,
    double poll,
    double cooldown,
    double stabilization,
    double downShare,
    double drain) {

  /** As in the manifests of this repository. */
  public static SimulatedCluster of(double jobSeconds, double jobLatency, double startup) {
    return new SimulatedCluster(
        new ScalingTarget.Seconds(60),
        jobSeconds,
        jobLatency,
        startup,
        0,
        25,
        15,
        300,
        300,
        0.25,
        20);
  }

  /** Jobs that one pod has in hand at most. */
  public int lanes() {
    return (int) Math.max(1, Math.round(jobLatency / jobSeconds));
  }

  public SimulatedCluster withTarget(ScalingTarget other) {
    return new SimulatedCluster(
        other,
        jobSeconds,
        jobLatency,
        startup,
        podsMin,
        podsMax,
        poll,
        cooldown,
        stabilization,
        downShare,
        drain);
  }

  public SimulatedCluster withPods(int atLeast, int atMost) {
    return new SimulatedCluster(
        target,
        jobSeconds,
        jobLatency,
        startup,
        atLeast,
        atMost,
        poll,
        cooldown,
        stabilization,
        downShare,
        drain);
  }

  public SimulatedCluster withCooldown(double other) {
    return new SimulatedCluster(
        target,
        jobSeconds,
        jobLatency,
        startup,
        podsMin,
        podsMax,
        poll,
        other,
        stabilization,
        downShare,
        drain);
  }
}

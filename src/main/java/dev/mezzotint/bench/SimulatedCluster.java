package dev.mezzotint.bench;

import dev.mezzotint.autoscaling.ScalingTarget;

/**
 * A cluster as the simulation sees it; times in seconds.
 *
 * @param target load per worker
 * @param jobSeconds of a full worker per job: the inverse of its throughput
 * @param jobLatency of a job from start to end on a full worker
 * @param startup from the decision for a pod to its readiness: node, image, libtorch, model
 * @param minPods pods that always run
 */
public record SimulatedCluster(
    ScalingTarget target,
    double jobSeconds,
    double jobLatency,
    double startup,
    int minPods,
    int maxPods) {

  /** Jobs that a pod runs at once: latency / seconds. */
  public int lanes() {
    return (int) Math.max(1, Math.round(jobLatency / jobSeconds));
  }
}

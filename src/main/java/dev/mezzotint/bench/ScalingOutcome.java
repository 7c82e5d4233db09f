package dev.mezzotint.bench;

/**
 * What came of a trace.
 *
 * @param waits seconds from a job's arrival to its last start, rising
 * @param podHours from the decision for each pod to its end, starting up included
 * @param busyHours of those, full work
 * @param killed starts of jobs that ended with their pod and had to be made again
 * @param killedSeconds that those had run
 * @param podsMost at the same time
 * @param starts pods begun
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record ScalingOutcome(
    double[] waits,
    double podHours,
    double busyHours,
    int killed,
    double killedSeconds,
    int podsMost,
    int starts) {

  /**
   * @param share from 0 to 1
   */
  public double waited(double share) {
    return waits.length == 0
        ? 0
        : waits[(int) Math.min(waits.length - 1.0, Math.floor(share * waits.length))];
  }
}

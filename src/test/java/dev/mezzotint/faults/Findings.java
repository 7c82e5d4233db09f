package dev.mezzotint.faults;

import java.util.List;

/**
 * What the checker found out about the jobs of one row.
 *
 * @param sent jobs
 * @param completed whose stored result is as published
 * @param otherEnds failed, cancelled, expired
 * @param lost without an end while nothing is left that could bring it, or with a result that does
 *     not stand
 * @param twice with more than one end
 * @param stuck without an end while the queue still holds requests
 * @param extra executions beyond each job's first
 * @param violations of any rule, one sentence each; empty if all is well
 */
record Findings(
    int sent,
    int completed,
    int otherEnds,
    int lost,
    int twice,
    int stuck,
    int extra,
    List<String> violations) {

  Findings {
    violations = List.copyOf(violations);
  }

  boolean well() {
    return violations.isEmpty();
  }
}

package dev.mezzotint.job;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * The life of a job as its events tell it: a pure state machine. Whoever follows a job folds its
 * events into one of these; whoever publishes them checks itself by one.
 *
 * <pre>
 * WAITING ──▶ ACCEPTED ──▶ STARTED ──▶ PROGRESSED ─┐ again and again, and STARTED
 *    │            │           │            │  ▲────┘ anew with the next attempt
 *    └────────────┴───────────┴────────────┴──▶ COMPLETED | FAILED | CANCELLED | EXPIRED
 * </pre>
 *
 * <p>Every state but the last four leads to an end, so no job can be stuck by rule; an end leads
 * nowhere. Events arrive at least once, late, and from attempts that have been overtaken: those are
 * passed over. Immutable.
 *
 * @param state where the job stands
 * @param attempt the newest that was heard of; 0 before any
 * @param sequence of the newest event that counted
 * @param endId id of the terminal event; empty before the end
 */
public record JobState(State state, int attempt, long sequence, String endId) {

  /** Nothing heard yet. */
  public static final JobState NEW = new JobState(State.WAITING, 0, 0, "");

  /** Where a job stands. */
  public enum State {
    WAITING,
    ACCEPTED,
    STARTED,
    PROGRESSED,
    COMPLETED,
    FAILED,
    CANCELLED,
    EXPIRED;

    /** States from which nothing leads on. */
    public static final Set<State> ENDS =
        Set.copyOf(EnumSet.of(COMPLETED, FAILED, CANCELLED, EXPIRED));

    /**
     * Where this can lead. An observer may have come late, so from WAITING everything can follow,
     * and ACCEPTED may be followed by the progress of a start that was missed.
     */
    public Set<State> next() {
      return switch (this) {
        case WAITING -> EnumSet.complementOf(EnumSet.of(WAITING));
        case ACCEPTED, STARTED, PROGRESSED -> EnumSet.complementOf(EnumSet.of(WAITING, ACCEPTED));
        case COMPLETED, FAILED, CANCELLED, EXPIRED -> EnumSet.noneOf(State.class);
      };
    }

    static State after(JobEvent.Type type) {
      return switch (type) {
        case ACCEPTED -> ACCEPTED;
        case STARTED -> STARTED;
        case PROGRESSED -> PROGRESSED;
        case COMPLETED -> COMPLETED;
        case FAILED -> FAILED;
        case CANCELLED -> CANCELLED;
        case EXPIRED -> EXPIRED;
        case REJECTED -> throw new IllegalArgumentException("rejected is about no job");
      };
    }
  }

  /** A job has ended in two different ways, which must never be. */
  public static final class TwoEndsException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    TwoEndsException(String first, String second) {
      super("a job with the end " + first + " was given another one: " + second);
    }
  }

  /** Whether the job has ended. */
  public boolean over() {
    return State.ENDS.contains(state);
  }

  /**
   * The life after this event; empty if the event changes nothing: it was heard before, comes from
   * an attempt that has been overtaken, or comes after the end. An end counts whatever its
   * sequence: a job can be called off, under number 0, while its first attempt begins.
   *
   * @throws TwoEndsException for an end that is not the one known
   * @throws IllegalArgumentException for {@code rejected}, which is about no job
   */
  public Optional<JobState> after(JobEvent event) {
    State next = State.after(event.type());
    boolean end = State.ENDS.contains(next);
    if (over()) {
      if (end && !event.id().equals(endId)) {
        throw new TwoEndsException(endId, event.id());
      }
      return Optional.empty();
    }
    if (end) {
      long last = Math.max(sequence, event.sequence());
      return Optional.of(new JobState(next, Math.max(attempt, event.attempt()), last, event.id()));
    }
    if (event.sequence() <= sequence || !state.next().contains(next)) {
      return Optional.empty();
    }
    return Optional.of(new JobState(next, event.attempt(), event.sequence(), ""));
  }
}

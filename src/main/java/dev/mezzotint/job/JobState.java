package dev.mezzotint.job;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * State of a job according to its events: a pure state machine. Followers of a job apply its events
 * to it; publishers check the order of their events against it.
 *
 * <pre>
 * WAITING ──▶ ACCEPTED ──▶ STARTED ──▶ PROGRESSED ─┐ repeatedly, and STARTED
 *    │            │           │            │  ▲────┘ again with the next attempt
 *    └────────────┴───────────┴────────────┴──▶ COMPLETED | FAILED | CANCELLED | EXPIRED
 * </pre>
 *
 * <p>A terminal state is reachable from every other state, and has no successors. Events may arrive
 * more than once, late, and from superseded attempts: those are ignored. Immutable.
 *
 * @param attempt the latest known attempt; 0 before any
 * @param sequence of the latest event that was applied
 * @param endId id of the terminal event; empty before the end
 */
public record JobState(State state, int attempt, long sequence, String endId) {

  /** Before any event. */
  public static final JobState NEW = new JobState(State.WAITING, 0, 0, "");

  public enum State {
    WAITING,
    ACCEPTED,
    STARTED,
    PROGRESSED,
    COMPLETED,
    FAILED,
    CANCELLED,
    EXPIRED;

    /** States without successors. */
    public static final Set<State> TERMINAL =
        Set.copyOf(EnumSet.of(COMPLETED, FAILED, CANCELLED, EXPIRED));

    /**
     * Possible successors. A follower may have missed events, so any state can follow WAITING, and
     * PROGRESSED can follow ACCEPTED.
     */
    public Set<State> next() {
      return switch (this) {
        case WAITING -> EnumSet.complementOf(EnumSet.of(WAITING));
        case ACCEPTED, STARTED, PROGRESSED -> EnumSet.complementOf(EnumSet.of(WAITING, ACCEPTED));
        case COMPLETED, FAILED, CANCELLED, EXPIRED -> EnumSet.noneOf(State.class);
      };
    }

    static State after(JobEvent.Type type) {
      if (type == JobEvent.Type.REJECTED) {
        throw new IllegalArgumentException("rejected does not refer to a job");
      }
      return valueOf(type.name());
    }
  }

  /** Thrown if a job has two different terminal events, which must never happen. */
  public static final class TwoEndsException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    TwoEndsException(String first, String second) {
      super("a job has two terminal events: " + first + " and " + second);
    }
  }

  public boolean isTerminal() {
    return State.TERMINAL.contains(state);
  }

  /**
   * The state after this event; empty if the event is to be ignored: it is a repetition, belongs to
   * a superseded attempt, or follows the end. A terminal event is applied regardless of its
   * sequence: a job can be cancelled, with sequence 0, while its first attempt begins.
   *
   * @throws TwoEndsException for a terminal event other than the known one
   * @throws IllegalArgumentException for {@code rejected}, which does not refer to a job
   */
  public Optional<JobState> after(JobEvent event) {
    State next = State.after(event.type());
    boolean end = State.TERMINAL.contains(next);
    if (isTerminal()) {
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

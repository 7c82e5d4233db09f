package dev.mezzotint.faults;

import java.time.Duration;

/** What a tap does with a request. Asked once the head of a request is there, before its body. */
@FunctionalInterface
interface StoreFault {
  StoreFault NONE = call -> new Pass();

  Reaction react(StoreCall call);

  sealed interface Reaction permits Pass, Answer, Hang, Slow, Cut, Withhold, Prevent {}

  record Pass() implements Reaction {}

  /** Answers in the store's place. */
  record Answer(int status) implements Reaction {}

  /** Neither forwards nor answers; after that time the connection breaks. */
  record Hang(Duration limit) implements Reaction {}

  /** Forwards after a pause. */
  record Slow(Duration pause) implements Reaction {}

  /** Half of the body reaches the store, then both connections break. */
  record Cut() implements Reaction {}

  /** The store does its work and answers; then this happens, and the answer never arrives. */
  record Withhold(Runnable then) implements Reaction {}

  /** The fault happens before the request reaches the store, which never receives it. */
  record Prevent(Runnable then) implements Reaction {}
}

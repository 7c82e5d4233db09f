package dev.mezzotint.job;

/**
 * What to do with one delivered request. Called on a thread of its own per delivery; may take
 * hours.
 *
 * <p>An exception other than {@link InterruptedException} is a defect of the handler: the lane
 * hands the record back after a pause.
 */
@FunctionalInterface
public interface DeliveryHandler {

  /** How the record ends for this delivery. */
  enum Settlement {
    /** Done for good, all its effects are durable: never deliver it again. */
    ACCEPT,
    /** Not finished here: give it to another worker. */
    RELEASE,
    /** A share of the work is done: the request goes to the end of its topic for the rest. */
    CONTINUE
  }

  Settlement handle(Delivery delivery) throws InterruptedException;
}

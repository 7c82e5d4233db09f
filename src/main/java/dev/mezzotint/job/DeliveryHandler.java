package dev.mezzotint.job;

/**
 * Handles delivered requests. Called on a separate thread for each delivery; may take hours.
 *
 * <p>An exception other than {@link InterruptedException} is a defect of the handler: the lane
 * hands the record back after a pause.
 */
@FunctionalInterface
public interface DeliveryHandler {

  /** What happens to the record after this delivery. */
  enum Settlement {
    /** Done, and all effects are durable: never deliver it again. */
    ACCEPT,
    /** Not finished here: deliver it to another worker. */
    RELEASE,
    /** A part of the work is done: a copy of the request goes to the end of its topic. */
    CONTINUE
  }

  Settlement handle(Delivery delivery) throws InterruptedException;
}

package dev.mezzotint.faults;

/**
 * One request of a worker to the store as the tap saw it.
 *
 * @param number in the order in which they came, over all workers
 * @param key within the bucket; empty for the bucket itself
 * @param condition {@code If-None-Match} or {@code If-Match} with its value; empty if none
 * @param status of the store's own answer, whether or not the worker got it; 0 if there was none
 * @param body SHA-256 of what was sent
 * @param reaction what the tap did
 */
record StoreCall(
    long number,
    String worker,
    String method,
    String key,
    String condition,
    int status,
    String body,
    String reaction) {

  boolean wrote() {
    return method.equals("PUT") && status >= 200 && status < 300;
  }

  boolean puts(String suffix) {
    return method.equals("PUT") && key.endsWith(suffix);
  }

  StoreCall answered(int newStatus, String newBody, String newReaction) {
    return new StoreCall(number, worker, method, key, condition, newStatus, newBody, newReaction);
  }
}

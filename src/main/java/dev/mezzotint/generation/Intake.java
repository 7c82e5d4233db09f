package dev.mezzotint.generation;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.EventContext;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.time.Instant;
import java.util.Optional;

/**
 * A record as read: it has an id and thereby is a job, be it a good request or a bad one.
 *
 * @param fingerprint SHA-256 of the request with its members sorted, so that spacing and order do
 *     not make it another request
 * @param request empty if it was refused
 * @param refusal why; empty if it was not
 */
record Intake(
    JobId id,
    String fingerprint,
    Optional<GenerationRequest> request,
    Optional<InvalidInputException> refusal) {

  /**
   * @throws InvalidInputException if these bytes are not a JSON object with a valid id: then they
   *     are nobody's job
   */
  static Intake read(Delivery delivery, GenerationLimits limits) {
    byte[] value = delivery.value();
    if (value.length > limits.requestBytesMax()) {
      throw new InvalidInputException(
          "",
          "has " + value.length + " bytes, more than the " + limits.requestBytesMax() + " allowed");
    }
    JsonObject json = JsonObject.parse(value);
    JobId id = JobId.read(json);
    String fingerprint = Digest.sha256(json.canonical());
    try {
      EventContext context = EventContext.check(delivery);
      GenerationRequest request = GenerationRequest.parse(json, limits).expiring(context.expiry());
      Supported.check(request);
      return new Intake(id, fingerprint, Optional.of(request), Optional.empty());
    } catch (InvalidInputException e) {
      return new Intake(id, fingerprint, Optional.empty(), Optional.of(e));
    }
  }

  /** The request's own, or else its record's. */
  Optional<Instant> deadline() {
    return request.flatMap(GenerationRequest::deadline);
  }
}

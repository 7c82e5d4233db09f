package dev.mezzotint.delivery;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.EventContext;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.Sha256;
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
public record ParsedRequest<R extends JobRequest>(
    JobId id, String fingerprint, Optional<R> request, Optional<InvalidInputException> refusal) {

  /**
   * @throws InvalidInputException if these bytes are not a JSON object with a valid id: then they
   *     are nobody's job
   */
  public static <R extends JobRequest> ParsedRequest<R> read(
      Delivery delivery, RequestReader<R> reader) {
    byte[] value = delivery.value();
    if (value.length > reader.bytesMax()) {
      throw new InvalidInputException(
          "", "has " + value.length + " bytes, more than the " + reader.bytesMax() + " allowed");
    }
    JsonObject json = JsonObject.parse(value);
    JobId id = JobId.read(json);
    String fingerprint = Sha256.sha256(json.canonical());
    try {
      EventContext context = EventContext.check(delivery);
      R request = reader.read(json, context.expiry());
      return new ParsedRequest<>(id, fingerprint, Optional.of(request), Optional.empty());
    } catch (InvalidInputException e) {
      return new ParsedRequest<>(id, fingerprint, Optional.empty(), Optional.of(e));
    }
  }

  /** The request's own, or else its record's. */
  public Optional<Instant> deadline() {
    return request.flatMap(JobRequest::deadline);
  }
}

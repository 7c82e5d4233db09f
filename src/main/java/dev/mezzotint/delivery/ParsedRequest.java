package dev.mezzotint.delivery;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.EventContext;
import dev.mezzotint.job.JobId;
import dev.mezzotint.job.WebhookHosts;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.Sha256;
import java.net.URI;
import java.time.Instant;
import java.util.Optional;

/**
 * A parsed record with a valid job id. The request itself may still be invalid.
 *
 * @param fingerprint SHA-256 of the request with its members sorted, so that it does not depend on
 *     spacing and order
 * @param webhook address that the end of the job is sent to, also of a request that is otherwise
 *     invalid
 * @param request empty if it is invalid
 * @param refusal the reason; empty if the request is valid
 */
public record ParsedRequest<R extends JobRequest>(
    JobId id,
    String fingerprint,
    Optional<URI> webhook,
    Optional<R> request,
    Optional<InvalidInputException> refusal) {

  /**
   * Parses a record.
   *
   * @throws InvalidInputException if the record is not a JSON object with a valid id, and so does
   *     not belong to any job
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
    Optional<URI> webhook =
        json.toMap().get(WebhookHosts.FIELD) instanceof String text
            ? WebhookHosts.parse(text)
            : Optional.empty();
    try {
      EventContext context = EventContext.check(delivery);
      R request = reader.read(json, context.expiry());
      return new ParsedRequest<>(id, fingerprint, webhook, Optional.of(request), Optional.empty());
    } catch (InvalidInputException e) {
      return new ParsedRequest<>(id, fingerprint, webhook, Optional.empty(), Optional.of(e));
    }
  }

  /** The deadline in the request or in the record's headers. */
  public Optional<Instant> deadline() {
    return request.flatMap(JobRequest::deadline);
  }
}

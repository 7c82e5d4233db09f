package dev.mezzotint.delivery;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.time.Instant;
import java.util.Optional;

/** Parses the requests of one kind of job, without a device. Safe for use by many threads. */
public interface RequestReader<R extends JobRequest> {

  /** Maximum size of a record's value in bytes. */
  int bytesMax();

  /**
   * Parses a request.
   *
   * @param expiry the deadline if the body does not have one
   * @throws InvalidInputException naming the first invalid field
   */
  R read(JsonObject json, Optional<Instant> expiry);
}

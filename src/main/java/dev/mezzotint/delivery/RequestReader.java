package dev.mezzotint.delivery;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.time.Instant;
import java.util.Optional;

/** Reads the requests of one kind of job; needs no device. Safe for use by many threads. */
public interface RequestReader<R extends JobRequest> {

  /** Size of a record's value in bytes. */
  int bytesMax();

  /**
   * @param expiry the deadline, where the body has none
   * @throws InvalidInputException naming the first field that is at fault
   */
  R read(JsonObject json, Optional<Instant> expiry);
}

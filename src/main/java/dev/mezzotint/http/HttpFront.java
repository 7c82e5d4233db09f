package dev.mezzotint.http;

import dev.mezzotint.board.JobBoard;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.sampling.Previews;
import dev.mezzotint.storage.ObjectStore;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The parts of a running worker that the REST resources use.
 *
 * @param metrics of this worker's step loop; empty without one
 * @param previews images of a job that this worker is sampling, by the job's id
 * @param requests the request of a job as it is in its topic, by the job's id; empty if it is not
 *     there
 */
public record HttpFront(
    HttpSettings settings,
    JobBoard board,
    EventStreams streams,
    JobWaits waits,
    ObjectStore store,
    JobClient client,
    ModelCatalog catalog,
    Supplier<Map<String, Object>> metrics,
    Function<String, List<Previews.RowPreview>> previews,
    Function<String, Optional<byte[]>> requests,
    Conditions conditions) {

  /** The conditions of jobs. */
  public interface Conditions {
    /**
     * Reads the condition of an image.
     *
     * @param part of the condition; empty for the first
     * @param name of its file, with or without its extension, or the number of the image
     */
    Optional<byte[]> read(String jobId, String part, String name);
  }
}

package dev.mezzotint.http;

import dev.mezzotint.board.JobBoard;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.sampling.Previews;
import dev.mezzotint.storage.ObjectStore;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The parts of a running worker that the REST resources use.
 *
 * @param metrics of this worker's step loop; empty without one
 * @param previews images of a job that this worker is sampling, by the job's id
 */
public record HttpFront(
    HttpSettings settings,
    JobBoard board,
    EventStreams streams,
    ObjectStore store,
    JobClient client,
    ModelCatalog catalog,
    Supplier<Map<String, Object>> metrics,
    Function<String, List<Previews.RowPreview>> previews) {}

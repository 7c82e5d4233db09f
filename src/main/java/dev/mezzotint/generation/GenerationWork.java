package dev.mezzotint.generation;

import dev.mezzotint.delivery.ContentType;
import dev.mezzotint.delivery.Digest;
import dev.mezzotint.delivery.Outcome;
import dev.mezzotint.delivery.Pictures;
import dev.mezzotint.delivery.RequestReader;
import dev.mezzotint.delivery.Watch;
import dev.mezzotint.delivery.Work;
import dev.mezzotint.job.Patience;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.FirstWrite;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * Generation as a kind of job: a request becomes pictures in the store. Where a picture stands
 * already, an earlier attempt made it, and it counts. Safe for use by many threads.
 */
public final class GenerationWork implements Work<GenerationRequest> {
  private final ObjectStore store;
  private final Sampling sampling;
  private final Executor pool;
  private final GenerationLimits limits;
  private final Patience patience;

  /**
   * @param pool where pictures are encoded and stored; closed by the caller, after the last
   *     delivery has ended
   * @param patience with the store
   */
  public GenerationWork(
      ObjectStore store,
      Sampling sampling,
      Executor pool,
      GenerationLimits limits,
      Patience patience) {
    this.store = store;
    this.sampling = sampling;
    this.pool = pool;
    this.limits = limits;
    this.patience = patience;
  }

  /** What reads generation requests. */
  public static RequestReader<GenerationRequest> reader(GenerationLimits limits) {
    return new RequestReader<>() {
      @Override
      public int bytesMax() {
        return limits.requestBytesMax();
      }

      @Override
      public GenerationRequest read(JsonObject json, Optional<Instant> expiry) {
        GenerationRequest request = GenerationRequest.parse(json, limits).expiring(expiry);
        Supported.check(request);
        return request;
      }
    };
  }

  @Override
  public RequestReader<GenerationRequest> requests() {
    return reader(limits);
  }

  @Override
  public Planned plan(GenerationRequest request, Optional<String> model) {
    ModelInfo info = sampling.resolve(model.orElse(request.model()));
    Plan plan = Plan.of(request, info, limits);
    return new Planned() {
      @Override
      public String model() {
        return plan.model().reference();
      }

      @Override
      public Outcome run(Watch watch) throws InterruptedException {
        return new Outcome.Completed(render(plan, watch));
      }
    };
  }

  private Pictures render(Plan plan, Watch watch) throws InterruptedException {
    Claims claims = new Claims(store, plan, limits.objectBytesMax());
    Rendering rendering = new Rendering(store, pool, patience, watch::ending, plan, claims);
    long total = plan.stagesTotal();
    List<Pictures.Image> images =
        rendering.run(
            sampling,
            (done, stored) -> {
              watch.check();
              watch.tell(() -> Map.of("done", done, "total", total, "images", stored));
            });
    Optional<Pictures.Grid> grid = Optional.empty();
    if (plan.request().output().grid()) {
      byte[] png = Encoding.grid(rendering.files(), plan.model());
      String key = Keys.grid(plan.request().id().value());
      byte[] standing =
          watch.patiently(() -> FirstWrite.standing(store, key, png, ContentType.PNG));
      grid = Optional.of(new Pictures.Grid(key, Digest.sha256(standing), standing.length));
    }
    return new Pictures(Optional.of(plan.settings()), images, grid);
  }
}

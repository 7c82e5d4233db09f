package dev.mezzotint.generation;

import dev.mezzotint.delivery.Outcome;
import dev.mezzotint.delivery.Pictures;
import dev.mezzotint.delivery.RequestReader;
import dev.mezzotint.delivery.Watch;
import dev.mezzotint.delivery.Work;
import dev.mezzotint.generation.input.ClaimedFiles;
import dev.mezzotint.generation.input.Claims;
import dev.mezzotint.generation.input.ConditionInputs;
import dev.mezzotint.generation.input.Frames;
import dev.mezzotint.generation.input.NamedObjects;
import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.generation.request.Supported;
import dev.mezzotint.job.Patience;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.Sampling;
import dev.mezzotint.storage.InputRule;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
  private final InputRule inputs;
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
    this(store, sampling, pool, limits, patience, InputRule.ANY);
  }

  /**
   * @param inputs which objects requests may name
   */
  public GenerationWork(
      ObjectStore store,
      Sampling sampling,
      Executor pool,
      GenerationLimits limits,
      Patience patience,
      InputRule inputs) {
    this.inputs = inputs;
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
    NamedObjects.of(request).check(inputs, request.tenant());
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

      @Override
      public long progressNanos() {
        return request.frames().isPresent() ? Telling.FRAMES_NANOS : Planned.super.progressNanos();
      }
    };
  }

  private Pictures render(Plan asked, Watch watch) throws InterruptedException {
    ObjectStore readable = readable(asked);
    try (ConditionInputs conditions =
        watch.patiently(
            () -> ConditionInputs.open(asked.request(), asked.model(), readable, limits))) {
      Plan plan =
          asked
              .request()
              .frames()
              .map(frames -> asked.of(conditions.frames(frames), limits))
              .orElse(asked);
      return render(plan, conditions, watch);
    }
  }

  private Pictures render(Plan plan, ConditionInputs conditions, Watch watch)
      throws InterruptedException {
    Companions companions = new Companions(store, plan, conditions);
    Rendering rendering =
        new Rendering(
            store,
            pool,
            patience,
            watch::ending,
            plan,
            new Claims(
                new ClaimedFiles(readable(plan), limits.objectBytesMax()),
                plan.request(),
                plan.model(),
                plan.painting(),
                conditions),
            standing(plan, watch),
            companions.files(),
            watch.visit());
    Telling telling = new Telling(plan, rendering.tally(), watch);
    List<Pictures.Image> images = rendering.run(sampling, telling::look);
    Map<Integer, String> failed = rendering.tally().failed();
    if (images.isEmpty()) {
      throw noFrames(plan, failed);
    }
    return companions.of(images, failed, watch);
  }

  private ObjectStore readable(Plan plan) {
    return inputs.within(store, plan.request().tenant());
  }

  /** What earlier attempts have stored. */
  private Set<String> standing(Plan plan, Watch watch) throws InterruptedException {
    if (watch.attempt() == 1) {
      return Set.of();
    }
    String images = Keys.images(plan.request().id().value());
    return watch.patiently(() -> new HashSet<>(store.list(images)));
  }

  private static InvalidInputException noFrames(Plan plan, Map<Integer, String> failed) {
    Map.Entry<Integer, String> first = failed.entrySet().iterator().next();
    Frames frames = plan.frames().orElseThrow();
    return new InvalidInputException(
        "condition",
        "condition: none of %d could become a frame; the first is %s, which failed: %s"
            .formatted(
                frames.frames().size(),
                frames.frames().get(first.getKey()).input(),
                first.getValue()));
  }
}

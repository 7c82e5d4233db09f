package dev.mezzotint.generation;

import dev.mezzotint.delivery.AttemptContext;
import dev.mezzotint.delivery.GeneratedImages;
import dev.mezzotint.delivery.JobKind;
import dev.mezzotint.delivery.Outcome;
import dev.mezzotint.delivery.RequestReader;
import dev.mezzotint.generation.input.ConditionInputs;
import dev.mezzotint.generation.input.Frames;
import dev.mezzotint.generation.input.InputFetcher;
import dev.mezzotint.generation.input.InputLoader;
import dev.mezzotint.generation.input.ReferencedKeys;
import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.generation.request.SupportedOutput;
import dev.mezzotint.job.RetryPolicy;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.Sampler;
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
public final class GenerationJobKind implements JobKind<GenerationRequest> {
  private final ObjectStore store;
  private final Sampler sampler;
  private final Executor pool;
  private final GenerationLimits limits;
  private final InputRule inputRule;
  private final RetryPolicy retryPolicy;

  /**
   * @param pool where pictures are encoded and stored; closed by the caller, after the last
   *     delivery has ended
   * @param patience with the store
   */
  public GenerationJobKind(
      ObjectStore store,
      Sampler sampling,
      Executor pool,
      GenerationLimits limits,
      RetryPolicy patience) {
    this(store, sampling, pool, limits, patience, InputRule.ANY);
  }

  /**
   * @param inputs which objects requests may name
   */
  public GenerationJobKind(
      ObjectStore store,
      Sampler sampling,
      Executor pool,
      GenerationLimits limits,
      RetryPolicy patience,
      InputRule inputs) {
    this.inputRule = inputs;
    this.store = store;
    this.sampler = sampling;
    this.pool = pool;
    this.limits = limits;
    this.retryPolicy = patience;
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
        GenerationRequest request =
            GenerationRequest.parse(json, limits).withDefaultDeadline(expiry);
        SupportedOutput.check(request);
        return request;
      }
    };
  }

  @Override
  public RequestReader<GenerationRequest> requests() {
    return reader(limits);
  }

  @Override
  public ExecutionPlan plan(GenerationRequest request, Optional<String> model) {
    ReferencedKeys.of(request).check(inputRule, request.tenant());
    ModelInfo info = sampler.resolve(model.orElse(request.model()));
    Plan plan = Plan.of(request, info, limits);
    return new ExecutionPlan() {
      @Override
      public String model() {
        return plan.model().reference();
      }

      @Override
      public Outcome run(AttemptContext watch) throws InterruptedException {
        return new Outcome.Completed(generate(plan, watch));
      }

      @Override
      public long progressNanos() {
        return request.frames().isPresent()
            ? ProgressEvents.FRAMES_NANOS
            : ExecutionPlan.super.progressNanos();
      }
    };
  }

  private GeneratedImages generate(Plan asked, AttemptContext watch) throws InterruptedException {
    ObjectStore readable = readable(asked);
    try (ConditionInputs conditions =
        watch.withRetry(
            () -> ConditionInputs.open(asked.request(), asked.model(), readable, limits))) {
      Plan plan =
          asked
              .request()
              .frames()
              .map(frames -> asked.of(conditions.frames(frames), limits))
              .orElse(asked);
      return generate(plan, conditions, watch);
    }
  }

  private GeneratedImages generate(Plan plan, ConditionInputs conditions, AttemptContext watch)
      throws InterruptedException {
    DerivedArtifacts companions = new DerivedArtifacts(store, plan, conditions);
    SamplingRun rendering =
        new SamplingRun(
            store,
            pool,
            retryPolicy,
            watch::ending,
            plan,
            new InputLoader(
                new InputFetcher(readable(plan), limits.objectBytesMax()),
                plan.request(),
                plan.model(),
                plan.inpainting(),
                conditions),
            storedKeys(plan, watch),
            companions.files(),
            watch.visit());
    ProgressEvents telling = new ProgressEvents(plan, rendering.progress(), watch);
    List<GeneratedImages.Image> images = rendering.run(sampler, telling::look);
    Map<Integer, String> failed = rendering.progress().failed();
    if (images.isEmpty()) {
      throw noFrames(plan, failed);
    }
    return companions.of(images, failed, watch);
  }

  private ObjectStore readable(Plan plan) {
    return inputRule.within(store, plan.request().tenant());
  }

  /** What earlier attempts have stored. */
  private Set<String> storedKeys(Plan plan, AttemptContext watch) throws InterruptedException {
    if (watch.attempt() == 1) {
      return Set.of();
    }
    String images = Keys.images(plan.request().id().value());
    return watch.withRetry(() -> new HashSet<>(store.list(images)));
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

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
import dev.mezzotint.job.RetryPolicy;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.network.Engine;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.Sampler;
import dev.mezzotint.storage.InputRule;
import dev.mezzotint.storage.ObjectStore;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * The job kind that generates images and stores them. Images that an earlier attempt has stored are
 * kept. Safe for use by many threads.
 */
public final class GenerationJobKind implements JobKind<GenerationRequest> {
  /** Minimum time between progress events with frames. */
  private static final long FRAME_PROGRESS_NANOS = 100_000_000;

  private final ObjectStore store;
  private final Sampler sampler;
  private final Executor pool;
  private final GenerationLimits limits;
  private final InputRule inputRule;
  private final RetryPolicy retryPolicy;

  /**
   * @param pool encodes and stores images; closed by the caller, after the last delivery has ended
   * @param retryPolicy for calls of the store
   * @param inputRule which objects requests may reference
   */
  public GenerationJobKind(
      ObjectStore store,
      Sampler sampler,
      Executor pool,
      GenerationLimits limits,
      RetryPolicy retryPolicy,
      InputRule inputRule) {
    this.store = store;
    this.sampler = sampler;
    this.pool = pool;
    this.limits = limits;
    this.retryPolicy = retryPolicy;
    this.inputRule = inputRule;
  }

  public static RequestReader<GenerationRequest> reader(GenerationLimits limits) {
    return new RequestReader<>() {
      @Override
      public int bytesMax() {
        return limits.requestBytesMax();
      }

      @Override
      public GenerationRequest read(JsonObject json, Optional<Instant> expiry) {
        GenerationRequest request = GenerationRequest.parse(json, limits, expiry);
        if (!request.output().format().equals("png")) {
          throw new InvalidInputException(
              "output.format",
              "output.format other than png is not supported by this worker version");
        }
        return request;
      }
    };
  }

  @Override
  public RequestReader<GenerationRequest> requestReader() {
    return reader(limits);
  }

  @Override
  public ExecutionPlan plan(
      GenerationRequest request, Optional<String> model, Optional<String> engine) {
    ReferencedKeys.check(request, inputRule);
    // Versions that did not record the engine had PyTorch only.
    Optional<Engine> begun = engine.flatMap(Engine::of).or(() -> model.map(any -> Engine.PYTORCH));
    ModelInfo own = sampler.resolve(model.orElse(request.model()), begun);
    ModelInfo info =
        request
            .canvas()
            .flatMap(canvas -> canvas.size().map(size -> canvas.applyTo(own, size)))
            .orElse(own);
    Plan plan = Plan.of(request, info, limits);
    return new ExecutionPlan() {
      @Override
      public String model() {
        return plan.model().reference();
      }

      @Override
      public Optional<String> engine() {
        return plan.model().engine().map(Engine::wireName);
      }

      @Override
      public Outcome run(AttemptContext attempt) throws InterruptedException {
        return new Outcome.Completed(generate(plan, attempt));
      }

      @Override
      public long progressIntervalNanos() {
        return request.frames().isPresent()
            ? FRAME_PROGRESS_NANOS
            : ExecutionPlan.super.progressIntervalNanos();
      }
    };
  }

  private GeneratedImages generate(Plan requested, AttemptContext attempt)
      throws InterruptedException {
    GenerationRequest request = requested.request();
    InputFetcher fetcher =
        new InputFetcher(inputRule.restrict(store, request.tenant()), limits.objectBytesMax());
    Plan sized = attempt.withRetry(() -> withCanvasSize(requested, fetcher));
    try (ConditionInputs conditions =
        attempt.withRetry(
            () -> ConditionInputs.open(request, sized.model(), fetcher, limits.imagesMax()))) {
      Plan plan =
          request
              .frames()
              .map(f -> sized.withFrames(conditions.frames(f.variations(), f.shared()), limits))
              .orElse(sized);
      DerivedArtifacts artifacts = new DerivedArtifacts(store, plan, conditions);
      InputLoader inputs =
          new InputLoader(fetcher, request, plan.model(), plan.inpainting(), conditions);
      SamplingRun run = new SamplingRun(store, pool, retryPolicy, plan, inputs, artifacts, attempt);
      List<GeneratedImages.Image> images = run.run(sampler);
      Map<Integer, String> failed = run.failedFrames();
      if (images.isEmpty()) {
        throw noFrames(plan, failed);
      }
      return artifacts.build(images, failed, attempt);
    }
  }

  /** A canvas without a size has that of the first condition. */
  private Plan withCanvasSize(Plan plan, InputFetcher fetcher) {
    GenerationRequest request = plan.request();
    if (request.canvas().isEmpty() || plan.model().canvas().isPresent()) {
      return plan;
    }
    try (ConditionInputs conditions =
        ConditionInputs.open(request, plan.model(), fetcher, limits.imagesMax())) {
      ModelInfo sized =
          request.canvas().get().applyTo(plan.model(), conditions.sizeOfFirst("canvas"));
      return Plan.of(request, sized, limits);
    }
  }

  private static InvalidInputException noFrames(Plan plan, Map<Integer, String> failed) {
    Map.Entry<Integer, String> first = failed.entrySet().iterator().next();
    Frames frames = plan.frames().orElseThrow();
    return new InvalidInputException(
        "condition",
        String.format(
            Locale.ROOT,
            "condition: none of %d could become a frame; the first is %s, which failed: %s",
            frames.frames().size(),
            frames.frames().get(first.getKey()).input(),
            first.getValue()));
  }
}

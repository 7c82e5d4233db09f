package dev.mezzotint.autoscaling;

import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import externalscaler.ExternalScalerGrpc;
import externalscaler.GetMetricSpecResponse;
import externalscaler.GetMetricsRequest;
import externalscaler.GetMetricsResponse;
import externalscaler.IsActiveResponse;
import externalscaler.MetricSpec;
import externalscaler.MetricValue;
import externalscaler.ScaledObjectRef;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Implements KEDA's external scaler. A trigger's metadata has {@code kind} and the {@link
 * ScalingTarget} of one worker. An unknown demand is an error and never zero: on an error KEDA
 * keeps the number of workers, on zero it removes them.
 *
 * <p>Safe for use by many threads.
 */
final class KedaExternalScaler extends ExternalScalerGrpc.ExternalScalerImplBase {
  /** A cluster opens one stream per scaled object. */
  static final int STREAMS_MAX = 100;

  private final DemandMonitor monitor;
  private final AtomicInteger streams = new AtomicInteger();
  private final Set<ActiveStream> open = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  KedaExternalScaler(DemandMonitor monitor) {
    this.monitor = monitor;
  }

  private static String kind(ScaledObjectRef of) {
    return of.getScalerMetadataMap().getOrDefault("kind", "");
  }

  private static ScalingTarget target(ScaledObjectRef of) {
    return ScalingTarget.of(of.getScalerMetadataMap());
  }

  private static String metric(ScaledObjectRef of) {
    return "mezzotint-" + kind(of);
  }

  @Override
  public void isActive(ScaledObjectRef request, StreamObserver<IsActiveResponse> answer) {
    answer(answer, () -> active(monitor.demand(kind(request)).active()));
  }

  private static IsActiveResponse active(boolean active) {
    return IsActiveResponse.newBuilder().setResult(active).build();
  }

  @Override
  public void getMetricSpec(ScaledObjectRef request, StreamObserver<GetMetricSpecResponse> answer) {
    answer(
        answer,
        () -> {
          monitor.demand(kind(request)); // throws if there is no such kind
          double size = target(request).perWorker();
          return GetMetricSpecResponse.newBuilder()
              .addMetricSpecs(
                  MetricSpec.newBuilder()
                      .setMetricName(metric(request))
                      .setTargetSize((long) Math.ceil(size))
                      .setTargetSizeFloat(size))
              .build();
        });
  }

  @Override
  public void getMetrics(GetMetricsRequest request, StreamObserver<GetMetricsResponse> answer) {
    ScaledObjectRef of = request.getScaledObjectRef();
    answer(
        answer,
        () -> {
          double value = target(of).value(monitor.demand(kind(of)));
          return GetMetricsResponse.newBuilder()
              .addMetricValues(
                  MetricValue.newBuilder()
                      .setMetricName(metric(of))
                      .setMetricValue((long) Math.ceil(value))
                      .setMetricValueFloat(value))
              .build();
        });
  }

  private static <T> void answer(StreamObserver<T> to, Supplier<T> response) {
    try {
      to.onNext(response.get());
      to.onCompleted();
    } catch (RuntimeException e) {
      to.onError(status(e));
    }
  }

  private static StatusRuntimeException status(RuntimeException e) {
    if (e instanceof InvalidInputException) {
      return Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asRuntimeException();
    }
    if (e instanceof TransientException) {
      return Status.UNAVAILABLE.withDescription(e.getMessage()).asRuntimeException();
    }
    return Status.INTERNAL.withCause(e).asRuntimeException();
  }

  /** Sends the state as soon as it is known and whenever it changes, until the caller cancels. */
  @Override
  public void streamIsActive(ScaledObjectRef request, StreamObserver<IsActiveResponse> answer) {
    String kind = kind(request);
    if (!monitor.kinds().contains(kind)) {
      answer(answer, () -> active(monitor.demand(kind).active()));
      return;
    }
    if (streams.incrementAndGet() > STREAMS_MAX) {
      streams.decrementAndGet();
      answer.onError(
          Status.RESOURCE_EXHAUSTED
              .withDescription("more than " + STREAMS_MAX + " streams are open")
              .asRuntimeException());
      return;
    }
    ServerCallStreamObserver<IsActiveResponse> stream =
        (ServerCallStreamObserver<IsActiveResponse>) answer;
    ActiveStream state = new ActiveStream(stream, () -> monitor.last(kind).map(Demand::active));
    Runnable unregister = monitor.onChange(state::update);
    open.add(state);
    stream.setOnCancelHandler(
        () -> {
          unregister.run();
          open.remove(state);
          streams.decrementAndGet();
        });
    state.update();
    if (closed) {
      state.complete();
    }
  }

  /**
   * Completes all streams, now and later. KEDA reconnects at once after a completed stream; after a
   * broken one it waits, each time longer.
   */
  void completeStreams() {
    closed = true;
    open.forEach(ActiveStream::complete);
  }

  /** One caller and the state that it was last sent. */
  private static final class ActiveStream {
    private final ServerCallStreamObserver<IsActiveResponse> stream;
    private final Supplier<Optional<Boolean>> active;
    private Optional<Boolean> last = Optional.empty();
    private boolean completed;

    ActiveStream(
        ServerCallStreamObserver<IsActiveResponse> stream, Supplier<Optional<Boolean>> active) {
      this.stream = stream;
      this.active = active;
    }

    synchronized void update() {
      Optional<Boolean> now = active.get(); // unknown is not false: KEDA would scale to zero
      if (now.isPresent() && !last.equals(now) && !completed && !stream.isCancelled()) {
        last = now;
        stream.onNext(KedaExternalScaler.active(now.get()));
      }
    }

    synchronized void complete() {
      if (!completed && !stream.isCancelled()) {
        completed = true;
        stream.onCompleted();
      }
    }
  }
}

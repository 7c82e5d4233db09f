package dev.mezzotint.worker;

import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.util.Optional;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;

/**
 * Health checks. Live: the threads of step loop and lanes run, however long jobs take. Ready: the
 * worker takes requests.
 */
@Singleton
final class WorkerHealth {
  private final WorkerLifecycle life;

  WorkerHealth(WorkerLifecycle life) {
    this.life = life;
  }

  @Produces
  @Liveness
  HealthCheck live() {
    return () ->
        HealthCheckResponse.named("worker threads")
            .status(life.worker().map(Worker::live).orElse(true))
            .build();
  }

  @Produces
  @Readiness
  HealthCheck ready() {
    return () -> {
      Optional<Worker> worker = life.worker();
      boolean ready = worker.map(Worker::ready).orElse(false);
      // What the start waited for is past as soon as the worker exists.
      String waitsFor =
          worker.isPresent() ? worker.flatMap(Worker::problem).orElse("") : life.waitsFor();
      HealthCheckResponseBuilder answer = HealthCheckResponse.named("takes requests").status(ready);
      return (ready || waitsFor.isEmpty() ? answer : answer.withData("waitsFor", waitsFor)).build();
    };
  }
}

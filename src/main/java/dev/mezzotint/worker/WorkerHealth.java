package dev.mezzotint.worker;

import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
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
      HealthCheckResponseBuilder answer =
          HealthCheckResponse.named("takes requests")
              .status(life.worker().map(Worker::ready).orElse(false));
      String waitsFor = life.worker().flatMap(Worker::problem).orElseGet(life::waitsFor);
      return (waitsFor.isEmpty() ? answer : answer.withData("waitsFor", waitsFor)).build();
    };
  }
}

package dev.mezzotint.http;

import io.quarkus.test.junit.QuarkusTestProfile;
import java.util.Map;

/** The application without its worker: tests open the front of a worker, or of none, themselves. */
public final class FrontTestProfile implements QuarkusTestProfile {
  @Override
  public Map<String, String> getConfigOverrides() {
    return Map.of(
        "quarkus.arc.exclude-types",
            "dev.mezzotint.worker.WorkerLifecycle,dev.mezzotint.worker.WorkerHealth",
        "quarkus.http.test-port", "0");
  }
}

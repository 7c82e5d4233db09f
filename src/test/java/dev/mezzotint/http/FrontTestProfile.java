package dev.mezzotint.http;

import io.quarkus.test.junit.QuarkusTestProfile;
import java.util.Map;

/** The application without its worker: tests open the front of a worker, or of none, themselves. */
public final class FrontTestProfile implements QuarkusTestProfile {
  @Override
  public Map<String, String> getConfigOverrides() {
    return Map.of(
        "quarkus.arc.exclude-types", "dev.mezzotint.worker.*",
        "quarkus.http.test-port", "0",
        // Libraries that load native code, which a JVM loads for one class loader only.
        "quarkus.class-loading.parent-first-artifacts",
            "ai.djl:api,ai.djl.pytorch:pytorch-engine,ai.djl.pytorch:pytorch-jni,"
                + "net.java.dev.jna:jna");
  }
}

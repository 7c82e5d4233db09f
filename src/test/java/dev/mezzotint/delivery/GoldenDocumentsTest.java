package dev.mezzotint.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.json.GoldenDocument;
import dev.mezzotint.json.InvalidInputException;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Documents in buckets keep their bytes: ids of terminal events derive from them. */
class GoldenDocumentsTest {

  @Test
  void jobRecord_writesAndReadsTheGoldenBytes() {
    GoldenDocument.assertBytes("job-untried.json", SampleDocuments.untried().toJson());
    GoldenDocument.assertBytes("job-tried.json", SampleDocuments.tried().toJson());
    GoldenDocument.assertBytes("job-failing.json", SampleDocuments.failing().toJson());
    assertThat(JobRecord.parse(GoldenDocument.read("job-untried.json")))
        .isEqualTo(SampleDocuments.untried());
    assertThat(JobRecord.parse(GoldenDocument.read("job-tried.json")))
        .isEqualTo(SampleDocuments.tried());
  }

  /** Earlier versions called the failed attempts strikes. */
  @Test
  void jobRecord_readsTheFormerNameOfFailedAttempts() {
    assertThat(SampleDocuments.failing().failedAttempts()).isEqualTo(2);
    assertThat(JobRecord.parse(GoldenDocument.read("job-with-strikes.json")))
        .isEqualTo(SampleDocuments.failing());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}|schema is missing: 1 is required",
        "{\"schema\":2}|schema must be from 1 to 1, not 2",
        "[]|is not a JSON object",
        "{\"schema\":1}|id",
        "{\"schema\":1,\"id\":\"/\"}|id must be 1 to 128 letters",
        "{\"schema\":1,\"id\":\"a\",\"fingerprint\":null}|fingerprint",
        "{\"schema\":1,\"id\":\"a\",\"fingerprint\":\"f\",\"created\":\"now\"}|created",
        "{\"schema\":1,\"id\":\"a\",\"fingerprint\":\"f\",\"attempts\":\"1\"}|attempts",
        "{\"schema\":1,\"id\":\"a\",\"fingerprint\":\"f\",\"attempts\":1.5}|attempts",
        "{\"schema\":1,\"id\":\"a\",\"fingerprint\":\"f\",\"history\":[{\"number\":1}]}|history.[].worker",
        "{\"schema\":1,\"id\":\"a\",\"fingerprint\":\"f\",\"created\":\"2026-11-22T12:00:00Z\","
            + "\"attempts\":-1}|attempts must not be negative"
      })
  void jobRecord_namesTheInvalidMember(String json, String message) {
    assertThatThrownBy(() -> JobRecord.parse(json.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(message);
  }

  static Stream<String> manifests() {
    return SampleDocuments.manifests().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("manifests")
  void manifest_writesAndReadsTheGoldenBytes(String name) {
    Manifest manifest = SampleDocuments.manifests().get(name);
    String file = "manifest-" + name + ".json";
    GoldenDocument.assertBytes(file, manifest.toJson());
    assertThat(Manifest.parse(GoldenDocument.read(file))).isEqualTo(manifest);
  }
}

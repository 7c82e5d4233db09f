package dev.mezzotint.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.json.GoldenDocument;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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

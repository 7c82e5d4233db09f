package dev.mezzotint.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.kafka.KafkaCluster;
import dev.mezzotint.kafka.KafkaEvents;
import dev.mezzotint.kafka.KafkaSettings;
import dev.mezzotint.kafka.Topics;
import dev.mezzotint.local.SharedStack;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ClientTest {

  @Test
  void toJson_givesTheRequestedMembers() {
    ImageRequest request =
        ImageRequest.of("a", "m@2")
            .seeds(3, 5)
            .steps(8)
            .sampler("heun")
            .classLabel(1)
            .guidance(2)
            .condition("image/png", new byte[] {1, 2, 3})
            .grid()
            .trajectory()
            .priority("high")
            .tenant("studio")
            .within(Duration.ofHours(1));
    GenerationRequest read =
        GenerationRequest.parse(JsonObject.parse(request.toJson()), GenerationLimits.DEFAULT);
    assertThat(read.seeds().count()).isEqualTo(2);
    assertThat(read.steps()).hasValue(8);
    assertThat(read.output().grid()).isTrue();
    assertThat(read.output().trajectory()).isTrue();
    assertThat(read.deadline().orElseThrow()).isAfter(Instant.now());
    assertThat(read.tenant()).isEqualTo("studio");
  }

  @Test
  void toJson_invalidMember_isRefusedByName() {
    assertThatThrownBy(() -> ImageRequest.of("a", "m").steps(0).toJson())
        .isInstanceOfSatisfying(
            InvalidInputException.class, e -> assertThat(e.field()).isEqualTo("steps"));
    assertThatThrownBy(() -> ImageRequest.of("a", "m").count(2).seeds(1).toJson())
        .isInstanceOf(InvalidInputException.class);
  }

  @Test
  void follow_reportsEachEventOnce() {
    String prefix = "c" + UUID.randomUUID().toString().substring(0, 8);
    String servers = SharedStack.get().bootstrapServers();
    KafkaSettings settings = KafkaSettings.of(servers).withTopics(Topics.withPrefix(prefix));
    try (KafkaCluster cluster = new KafkaCluster(settings)) {
      cluster.ensureTopics();
      cluster.ensureRequestTopics(List.of(settings.topics().generationRequests()));
    }
    List<String> events = new ArrayList<>();
    try (MezzotintClient client = MezzotintClient.connect(servers, prefix, Map.of());
        KafkaEvents worker = new KafkaEvents(settings, "s3://b/")) {
      assertThat(client.submit(ImageRequest.of("a", "m"))).isEqualTo("a");
      worker.publish(event(JobEvent.Type.STARTED, 2));
      worker.publish(event(JobEvent.Type.STARTED, 2));
      worker.publish(event(JobEvent.Type.COMPLETED, 999_999));
      JobEvent end =
          client
              .follow("a", Duration.ofSeconds(30), e -> events.add(e.type().wireName()))
              .orElseThrow();
      assertThat(end.data()).containsEntry("images", 4);
    }
    assertThat(events).containsExactly("started", "completed");
  }

  private static JobEvent event(JobEvent.Type type, int number) {
    return new JobEvent(
        "a/" + type.wireName(),
        type,
        "a",
        1,
        1_000_000 + number,
        Instant.now(),
        Map.of("images", 4));
  }

  @Test
  void messagesPage_quotesTheExample() throws Exception {
    String page = Files.readString(Path.of("docs/messages.md"));
    String code =
        Files.readString(Path.of("examples/java-producer/src/main/java/example/Producer.java"));
    assertThat(page).contains("```java\n" + code.split("package example;\n\n")[1] + "```");
  }
}

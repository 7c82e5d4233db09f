package dev.mezzotint.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.job.TransientException;
import dev.mezzotint.local.SharedStack;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Consumer groups and the edges; share groups are in the external scaler's own test. */
class GroupOffsetsTest {
  private final String servers = SharedStack.get().bootstrapServers();
  private final String own = "g" + UUID.randomUUID().toString().substring(0, 8);
  private final Topics topics = Topics.withPrefix(own);
  private final KafkaSettings settings =
      KafkaSettings.of(servers).withTopics(topics).withGroupId(own);
  private final String topic = topics.generationRequests();

  @BeforeEach
  void prepare() {
    try (KafkaCluster cluster = new KafkaCluster(settings)) {
      cluster.ensureTopics();
    }
  }

  private void send(int records) throws Exception {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", servers),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (int i = 0; i < records; i++) {
        producer.send(new ProducerRecord<>(topic, new byte[] {1})).get();
      }
    }
  }

  @Test
  void backlog_ofAConsumerGroup_isWhatItHasNotCommitted() throws Exception {
    try (GroupOffsets lag = new GroupOffsets(settings)) {
      send(5);
      assertThat(look(lag)).isEqualTo(new GroupOffsets.Backlog(5, 0, 0, 0, 0));
      try (KafkaConsumer<byte[], byte[]> consumer =
          new KafkaConsumer<>(
              Map.of(
                  "bootstrap.servers", servers,
                  "group.id", own,
                  "auto.offset.reset", "earliest",
                  "enable.auto.commit", "false",
                  "max.poll.records", "2"),
              new ByteArrayDeserializer(),
              new ByteArrayDeserializer())) {
        consumer.subscribe(List.of(topic));
        int taken = 0;
        for (int i = 0; i < 100 && taken == 0; i++) {
          taken = consumer.poll(Duration.ofMillis(200)).count();
        }
        assertThat(taken).isEqualTo(2);
        assertThat(look(lag).unsettled()).isEqualTo(5);
        consumer.commitSync();

        assertThat(look(lag)).isEqualTo(new GroupOffsets.Backlog(3, 0, 2, 1, 1));
      }
    }
  }

  @Test
  void backlog_countsPausedTopicsSeparately() throws Exception {
    String other = topics.trainingRequests();
    try (GroupOffsets lag = new GroupOffsets(settings)) {
      send(4);
      Map<String, List<String>> both = Map.of("both", List.of(topic, other));
      assertThat(lag.backlog(GroupType.CONSUMER, both, topic::equals, none -> 0).get("both"))
          .isEqualTo(new GroupOffsets.Backlog(4, 4, 0, 0, 0));
      assertThat(lag.backlog(GroupType.CONSUMER, both, other::equals, none -> 0).get("both"))
          .isEqualTo(new GroupOffsets.Backlog(4, 0, 0, 0, 0));
    }
  }

  @Test
  void notes_areKeptOnTheCluster() throws Exception {
    try (GroupOffsets first = new GroupOffsets(settings)) {
      assertThat(first.notes()).isEmpty();
      first.saveNotes(Map.of(topic, "1.5 20.0"));
      first.saveNotes(Map.of(topic, "2.5 30.0"));
    }
    try (GroupOffsets second = new GroupOffsets(settings)) {
      assertThat(second.notes()).containsExactly(Map.entry(topic, "2.5 30.0"));
    }
  }

  @Test
  void backlog_leavesOutEndedJobs_andCountsNoneTwice() throws Exception {
    try (GroupOffsets lag = new GroupOffsets(settings)) {
      send(4);
      Map<String, List<String>> kinds = Map.of("generation", List.of(topic));
      assertThat(lag.backlog(GroupType.CONSUMER, kinds, topic::equals, any -> 3).get("generation"))
          .isEqualTo(new GroupOffsets.Backlog(1, 1, 0, 0, 0));
      assertThat(lag.backlog(GroupType.CONSUMER, kinds, any -> false, any -> 9).get("generation"))
          .isEqualTo(new GroupOffsets.Backlog(0, 0, 0, 0, 0));
    }
  }

  private GroupOffsets.Backlog look(GroupOffsets lag) throws InterruptedException {
    Map<String, GroupOffsets.Backlog> backlogs =
        lag.backlog(
            GroupType.CONSUMER,
            Map.of("generation", List.of(topic), "none", List.of(own + ".no.such.topic")),
            any -> false,
            none -> 0);
    assertThat(backlogs.get("none")).isEqualTo(new GroupOffsets.Backlog(0, 0, 0, 0, 0));
    return backlogs.get("generation");
  }

  @Test
  void backlog_withoutABroker_throws() throws Exception {
    try (GroupOffsets lag = new GroupOffsets(KafkaSettings.of("127.0.0.1:1"))) {
      assertThatThrownBy(
              () ->
                  lag.backlog(
                      GroupType.SHARE,
                      Map.of("generation", List.of(topic)),
                      any -> false,
                      none -> 0))
          .isInstanceOf(TransientException.class)
          .hasMessageContaining("mezzotint");
    }
  }
}

package dev.mezzotint.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.job.TransientException;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

/** A record reported as missing is never looked up again, so it must really be missing. */
class RecordLookupTest {
  private static final TopicPartition PARTITION = new TopicPartition("requests", 0);

  private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("none");
  private final RecordLookup lookup = new RecordLookup(consumer);

  private void topicHas(long first, long end) {
    consumer.updateBeginningOffsets(Map.of(PARTITION, first));
    consumer.updateEndOffsets(Map.of(PARTITION, end));
  }

  private void answers(long offset) {
    consumer.schedulePollTask(
        () ->
            consumer.addRecord(
                new ConsumerRecord<>("requests", 0, offset, new byte[] {1}, new byte[] {2})));
  }

  private Optional<Long> at(long offset) {
    return lookup.at(PARTITION, offset).map(ConsumerRecord::offset);
  }

  @Test
  void at_readsTheRecord() {
    topicHas(0, 9);
    answers(7);
    assertThat(at(7)).contains(7L);
  }

  @Test
  void at_compactedRecord_isEmpty() {
    topicHas(0, 9);
    answers(8);
    assertThat(at(7)).isEmpty();
  }

  @Test
  void at_offsetOutsideTheTopic_isEmpty() {
    topicHas(5, 9);
    assertThat(at(4)).isEmpty();
    assertThat(at(9)).isEmpty();
  }

  @Test
  void at_recordNotReturnedInTime_throws() {
    topicHas(5, 9);
    for (long offset : new long[] {5, 7, 8}) {
      assertThatThrownBy(() -> at(offset)).isInstanceOf(TransientException.class);
    }
  }

  @Test
  void at_brokerDoesNotAnswer_throws() {
    topicHas(5, 9);
    KafkaException silence = new TimeoutException("no answer");
    consumer.setOffsetsException(silence);
    assertThatThrownBy(() -> at(7)).isInstanceOf(TransientException.class).hasCause(silence);
  }
}

package dev.mezzotint.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.delivery.SampleDocuments;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.GoldenDocument;
import dev.mezzotint.json.JsonText;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Events and dead letters keep their bytes. */
class GoldenMessagesTest {

  static Stream<String> events() {
    return SampleDocuments.events().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("events")
  void event_writesAndReadsTheGoldenBytes(String name) {
    JobEvent event = SampleDocuments.events().get(name);
    byte[] value = EventJson.write(event, event.data());
    GoldenDocument.assertBytes("event-" + name + ".json", value);
    JobEvent read = EventJson.read(value).orElseThrow();
    assertThat(EventJson.write(read, read.data())).isEqualTo(value);
  }

  @Test
  void deadLetter_hasTheGoldenHeaders() {
    try (KafkaEvents events = new KafkaEvents(KafkaSettings.of("127.0.0.1:1"), "")) {
      ProducerRecord<byte[], byte[]> letter =
          events.deadLetter(
              SampleDocuments.delivery(),
              new byte[0],
              KafkaEvents.deadLetterHeaders(
                  SampleDocuments.delivery(), "night-run.3", 2, "steps", "too few"));
      Map<String, String> headers = new LinkedHashMap<>();
      letter.headers().forEach(h -> headers.put(h.key(), new String(h.value(), UTF_8)));
      GoldenDocument.assertBytes(
          "dead-letter-headers.json",
          JsonText.writePretty(new LinkedHashMap<>(new TreeMap<>(headers))));
    }
  }
}

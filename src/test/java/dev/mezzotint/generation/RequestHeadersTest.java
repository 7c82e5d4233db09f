package dev.mezzotint.generation;

import static dev.mezzotint.generation.World.request;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.EventContext;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.sampling.NoiseSampler;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requests that are CloudEvents in binary mode. */
class RequestHeadersTest {
  private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  private final World world = new World();

  @BeforeEach
  void model() {
    world.sampling.put(NoiseSampler.model("tiny", "1"));
  }

  @Test
  void everyEventOfAJob_hasTheContextOfItsRequest() throws Exception {
    handle(
        request("a", "\"deadline\":\"2099-01-01T00:00:00Z\""),
        Map.of("ce_id", "order-1", "ce_correlationid", "c-1", "traceparent", TRACE));
    assertThat(world.log.types("a")).startsWith("accepted", "started").endsWith("completed");
    assertThat(world.log.contexts())
        .containsOnly(
            new EventContext(
                Map.of(
                    "causationid", "order-1",
                    "correlationid", "c-1",
                    "expirytime", "2099-01-01T00:00:00Z",
                    "traceparent", TRACE)));
  }

  @Test
  void deadlineOfTheHeader_applies_ifTheBodyHasNone() throws Exception {
    handle(request("late", ""), Map.of("ce_expirytime", "2020-01-01T00:00:00Z"));
    assertThat(world.log.ends("late").get(0).type()).isEqualTo(JobEvent.Type.EXPIRED);
    world.checkEnded("late");
    handle(
        request("own", "\"deadline\":\"2099-01-01T00:00:00Z\""),
        Map.of("ce_expirytime", "2020-01-01T00:00:00Z"));
    assertThat(world.log.ends("own").get(0).type()).isEqualTo(JobEvent.Type.COMPLETED);
  }

  @Test
  void invalidHeader_failsTheJob_andIsNamed() throws Exception {
    handle(request("bad", ""), Map.of("ce_expirytime", "soon"));
    JobEvent end = world.log.ends("bad").get(0);
    assertThat(end.type()).isEqualTo(JobEvent.Type.FAILED);
    assertThat(end.data()).containsEntry("field", "ce_expirytime");
    assertThat(String.valueOf(end.data().get("cause"))).contains("soon", "2027-01-31T12:00:00Z");
    world.checkEnded("bad");
  }

  @Test
  void eventOfARejectedRecord_hasItsContextToo() throws Exception {
    handle("no JSON", Map.of("ce_id", "order-2"));
    assertThat(world.log.contexts())
        .containsExactly(new EventContext(Map.of("causationid", "order-2")));
  }

  private void handle(String body, Map<String, String> headers) throws InterruptedException {
    List<Map.Entry<String, byte[]>> wire =
        headers.entrySet().stream()
            .map(header -> Map.entry(header.getKey(), header.getValue().getBytes(UTF_8)))
            .toList();
    world.worker().handle(new Delivery("requests", 0, 1, 1, body.getBytes(UTF_8), wire));
  }
}

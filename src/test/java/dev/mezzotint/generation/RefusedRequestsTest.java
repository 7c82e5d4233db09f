package dev.mezzotint.generation;

import static dev.mezzotint.generation.World.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.job.JobEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Invalid requests, and requests with the id of another one. */
class RefusedRequestsTest {
  private final World world = new World();

  @Test
  void anotherRequestWithTheSameId_isRejectedWithoutAffectingTheFirst() throws Exception {
    world.deliver(request("a", "\"seed\":1"));
    int written = world.store.writes().size();

    assertThat(world.deliver(request("a", "\"seed\":2"))).isEqualTo(Settlement.ACCEPT);

    assertThat(world.store.writes()).hasSize(written);
    assertThat(world.log.ends("a")).hasSize(1);
    JobEvent rejected = world.log.events("a").get(world.log.events("a").size() - 1);
    assertThat(rejected.type()).isEqualTo(JobEvent.Type.REJECTED);
    assertThat(rejected.id()).isEqualTo("rejected/requests/0/1");
    assertThat(world.log.deadLetters()).hasSize(1);
    assertThat(world.log.deadLetters().get(0).cause())
        .isEqualTo("id a belongs to another request: use a different id");
  }

  @Test
  void anotherRequestWithAnInvalidField_doesNotEndTheFirst() throws Exception {
    world.deliver(request("a", "\"seed\":1"));
    world.deliver(request("a", "\"steps\":0"));
    assertThat(world.log.ends("a")).hasSize(1);
    assertThat(world.log.ends("a").get(0).type()).isEqualTo(JobEvent.Type.COMPLETED);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "steps | \"steps\":0",
        "steps | \"steps\":1001",
        "steps | \"steps\":\"8\"",
        "steps | \"steps\":8.5",
        "count | \"count\":-1",
        "count | \"count\":1000000000",
        "count | \"count\":99999999999999999999999999",
        "seed | \"seed\":-1",
        "sampler | \"sampler\":\"dpm\"",
        "schedule | \"schedule\":\"karras\"",
        "classLabel | \"classLabel\":1",
        "guidance | \"guidance\":2",
        "condition | \"condition\":\"inputs/a.png\"",
        "output.format | \"output\":{\"format\":\"safetensors\"}",
        "output.format | \"output\":{\"format\":\"gif\"}",
        "output.colour | \"output\":{\"colour\":true}",
        "init.alpha | \"init\":{\"image\":\"a.png\",\"alpha\":1}",
        "colour | \"colour\":true",
        "priority | \"priority\":\"urgent\"",
        "deadline | \"deadline\":\"tomorrow\"",
      })
  void invalidField_failsTheJobOnce_andIsNamed(String field, String json) throws Exception {
    assertThat(world.deliver(request("a", json))).isEqualTo(Settlement.ACCEPT);

    world.checkEnded("a");
    assertThat(world.log.types("a")).containsExactly("failed");
    JobEvent failed = world.log.ends("a").get(0);
    assertThat(failed.data()).containsEntry("field", field);
    assertThat(String.valueOf(failed.data().get("cause"))).contains(field);
    assertThat(world.log.deadLetters()).hasSize(1);
    assertThat(world.log.deadLetters().get(0).field()).isEqualTo(field);
    assertThat(world.sampling.submitted.get()).isZero();
    assertThat(world.manifest("a").state()).isEqualTo(JobEvent.Type.FAILED);
  }

  @Test
  void fieldsThatDoNotMatchTheModel_failTheJob() throws Exception {
    world.deliver("{\"id\":\"k1\",\"model\":\"digits\"}");
    world.deliver("{\"id\":\"k2\",\"model\":\"digits\",\"classLabel\":10}");
    world.deliver("{\"id\":\"k3\",\"model\":\"digits\",\"classLabel\":9}");
    world.deliver("{\"id\":\"k4\",\"model\":\"maps\"}");
    world.deliver("{\"id\":\"k5\",\"model\":\"no-such-model\"}");
    assertThat(world.log.ends("k1").get(0).data()).containsEntry("field", "classLabel");
    assertThat(world.log.ends("k2").get(0).data()).containsEntry("field", "classLabel");
    assertThat(world.log.ends("k3").get(0).type()).isEqualTo(JobEvent.Type.COMPLETED);
    assertThat(world.log.ends("k4").get(0).data()).containsEntry("field", "condition");
    assertThat(world.log.ends("k5").get(0).data()).containsEntry("field", "model");
  }

  @Test
  void tooManyEvaluations_areRefused() throws Exception {
    world.deliver(request("a", "\"count\":10000,\"steps\":1000,\"sampler\":\"rk4\""));
    assertThat(world.log.ends("a").get(0).data()).containsEntry("field", "steps");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "not JSON",
        "{\"id\":\"a\"",
        "{\"model\":\"tiny\"}",
        "{\"id\":7,\"model\":\"tiny\"}",
        "{\"id\":\"../a\",\"model\":\"tiny\"}",
        "{\"id\":\"\",\"model\":\"tiny\"}",
        "{\"id\":\"a\",\"id\":\"b\",\"model\":\"tiny\"}",
      })
  void recordWithoutAnId_isRejectedWithoutEndingAJob(String json) throws Exception {
    assertThat(world.deliver(json)).isEqualTo(Settlement.ACCEPT);
    assertThat(world.log.events()).hasSize(1);
    JobEvent rejected = world.log.events().get(0);
    assertThat(rejected.type()).isEqualTo(JobEvent.Type.REJECTED);
    assertThat(rejected.jobId()).isEmpty();
    assertThat(rejected.id()).isEqualTo("rejected/requests/0/0");
    assertThat(world.log.deadLetters()).hasSize(1);
    assertThat(world.store.writes()).isEmpty();
  }

  @Test
  void unpairedSurrogate_isHandled() throws Exception {
    assertThat(world.deliver(request("a", "\"x\":\"\\ud800\""))).isEqualTo(Settlement.ACCEPT);
    assertThat(world.deliver(request("b", "\"\\ud800\":1"))).isEqualTo(Settlement.ACCEPT);
    assertThat(world.log.types("a")).containsExactly("failed");
    assertThat(world.log.deadLetters()).hasSize(2);
    world.checkEnded("a");
  }

  @Test
  void hugeRecord_isRejectedWithoutParsing() throws Exception {
    world.worker().handle(world.record(new byte[2 << 20]));
    assertThat(world.log.deadLetters().get(0).cause())
        .isEqualTo("the request has 2097152 bytes, more than the 1048576 allowed");
  }
}

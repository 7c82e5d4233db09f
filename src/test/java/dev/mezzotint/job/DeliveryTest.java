package dev.mezzotint.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class DeliveryTest {

  private static Delivery delivery(String value) {
    return new Delivery("requests", 3, 7, 1, value.getBytes(UTF_8), List.of());
  }

  @Test
  void toString_namesTheJob_andParsesTheRecordOnce() {
    Delivery delivery = delivery("{\"id\":\"a\"}");
    assertThat(delivery).hasToString("requests-3@7 (job a)");
    assertThat(delivery.jobId().orElseThrow()).isSameAs(delivery.jobId().orElseThrow());
    assertThat(delivery("{}")).hasToString("requests-3@7");
  }

  @Test
  void delivery_isFencedPermanently_whenItsLockExpires() {
    Delivery delivery = delivery("{}");
    assertThat(delivery.fenced()).isFalse();
    delivery.holdUntil(System.nanoTime() + 60_000_000_000L);
    assertThat(delivery.fenced()).isFalse();
    delivery.holdUntil(System.nanoTime() - 1);
    assertThat(delivery.fenced()).isTrue();
    delivery.holdUntil(System.nanoTime() + 60_000_000_000L);
    assertThat(delivery.fenced()).isTrue();
  }
}

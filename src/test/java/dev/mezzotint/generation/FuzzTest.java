package dev.mezzotint.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.delivery.JobHandler;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.job.JobEvent;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Every record ends, whatever it contains, and none stops the lane. */
class FuzzTest {
  private static final List<String> SEEDS =
      List.of(
          "{\"id\":\"job-%d\",\"model\":\"tiny\",\"count\":2,\"seed\":5,\"steps\":4}",
          "{\"id\":\"job-%d\",\"model\":\"tiny@latest\",\"seeds\":[1,2],\"sampler\":\"heun\"}",
          "{\"id\":\"job-%d\",\"model\":\"digits\",\"classLabel\":3,\"output\":{\"grid\":true}}",
          "{\"id\":\"job-%d\",\"model\":\"tiny\",\"priority\":\"low\",\"tenant\":\"t\","
              + "\"deadline\":\"2099-01-01T00:00:00Z\",\"guidance\":1,\"schedule\":\"cosine\"}",
          "{\"id\":\"job-%d\",\"model\":\"maps\",\"condition\":[\"a.png\",\"b.png\"],\"count\":2,"
              + "\"init\":{\"image\":{\"key\":\"k\"},\"alpha\":0.5},\"mask\":\"m.png\"}");

  private static final List<String> TOKENS =
      List.of(
          "null",
          "true",
          "[]",
          "{}",
          "\"\"",
          "-1",
          "0",
          "1e999",
          "-0.0",
          "1e-999",
          "NaN",
          "123456789012345678901234567890",
          "9".repeat(100),
          "\"\\u0000\"",
          "\"\\ud800\"",
          ",",
          ":",
          "}",
          "{",
          "\"id\":\"other\",",
          "\u2028",
          "\uD83D\uDE00",
          "/*",
          "'",
          "[".repeat(100),
          "{\"a\":".repeat(40),
          "\"" + "x".repeat(5_000) + "\"");

  @Test
  void everyBrokenRecord_endsInATerminalEventOrADeadLetter() throws Exception {
    Random random = new Random(20261122);
    World world = new World();
    JobHandler<?> worker = world.worker();
    Map<JobEvent.Type, Integer> ends = new EnumMap<>(JobEvent.Type.class);
    for (int i = 0; i < 2_000; i++) {
      Delivery delivery = world.record(bytes(i, random));
      int events = world.log.events().size();
      int letters = world.log.deadLetters().size();

      assertThat(worker.handle(delivery)).isEqualTo(Settlement.ACCEPT);

      List<JobEvent> published = world.log.events().subList(events, world.log.events().size());
      JobEvent last = published.get(published.size() - 1);
      ends.merge(last.type(), 1, Integer::sum);
      boolean done = last.type() == JobEvent.Type.COMPLETED || last.type() == JobEvent.Type.EXPIRED;
      assertThat(last.type().terminal() || last.type() == JobEvent.Type.REJECTED).isTrue();
      assertThat(world.log.deadLetters()).hasSize(letters + (done ? 0 : 1));
      if (!done) {
        String cause = world.log.deadLetters().get(letters).cause();
        assertThat(cause).isNotBlank().doesNotContain("\n").hasSizeLessThan(2_000);
      }
    }
    for (JobEvent event : world.log.events()) {
      if (event.type().terminal()) {
        world.checkEnded(event.jobId());
      }
    }
    assertThat(ends.get(JobEvent.Type.COMPLETED)).isGreaterThan(100);
    assertThat(ends.get(JobEvent.Type.FAILED)).isGreaterThan(200);
    assertThat(ends.get(JobEvent.Type.REJECTED)).isGreaterThan(500);
  }

  private static byte[] bytes(int i, Random random) {
    if (i % 10 == 0) {
      byte[] noise = new byte[random.nextInt(3_000)];
      random.nextBytes(noise);
      return noise;
    }
    String text = SEEDS.get(random.nextInt(SEEDS.size())).formatted(i);
    int changes = random.nextInt(3);
    for (int c = 0; c < changes; c++) {
      text = mutate(text, random);
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return random.nextInt(4) == 0 ? mutate(bytes, random) : bytes;
  }

  /** Replaces a value, or a piece between two delimiters. */
  private static String mutate(String text, Random random) {
    String token = TOKENS.get(random.nextInt(TOKENS.size()));
    int from = random.nextInt(text.length() + 1);
    if (random.nextInt(3) == 0) {
      return text.substring(0, from) + token + text.substring(from);
    }
    int colon = text.indexOf(':', from);
    if (colon < 0) {
      return text.substring(0, from);
    }
    int end = colon + 1;
    while (end < text.length() && ",}]".indexOf(text.charAt(end)) < 0) {
      end++;
    }
    return text.substring(0, colon + 1) + token + text.substring(end);
  }

  private static byte[] mutate(byte[] bytes, Random random) {
    if (bytes.length == 0) {
      return bytes;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int at = random.nextInt(bytes.length);
    switch (random.nextInt(3)) {
      case 0 -> out.write(bytes, 0, at);
      case 1 -> {
        out.write(bytes, 0, at);
        out.write(random.nextInt(256));
        out.write(bytes, at, bytes.length - at);
      }
      default -> {
        byte[] flipped = bytes.clone();
        flipped[at] ^= (byte) (1 << random.nextInt(8));
        out.write(flipped, 0, flipped.length);
      }
    }
    return out.toByteArray();
  }
}

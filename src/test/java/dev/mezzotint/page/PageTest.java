package dev.mezzotint.page;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.worker.Endpoints;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** The live page in a browser: jobs that are asked for, called off, fail, and are many. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@InBrowser
class PageTest {
  @TempDir static Path folder;

  private static LivePage page;
  private static Chromium browser;

  @BeforeAll
  static void start() throws Exception {
    page = new LivePage(folder, List.of());
    browser = page.browser();
  }

  @AfterAll
  static void stop() {
    page.close();
  }

  @Test
  @Order(10)
  void aFormThatIsSentBecomesPictures() throws IOException {
    browser.value("location.hash = '#/new'");
    browser.await("document.querySelector('form.ask select[name=model]')?.value");
    browser.value("document.querySelector('[name=steps]').value = '0'");
    browser.value("document.querySelector('#send').click()");
    browser.await("document.querySelector('.field.wrong .field-problem')?.textContent");
    assertThat(browser.value("document.activeElement.name").asText()).isEqualTo("steps");
    browser.value("document.querySelector('[name=steps]').value = '6'");
    browser.value("document.querySelector('[name=seed]').value = '7'");
    browser.value("document.querySelector('[name=way]').checked = true");
    browser.value("document.querySelector('#send').focus()");
    browser.value("document.querySelector('#send').click()");
    browser.await("location.hash.startsWith('#/jobs/')");
    browser.await("document.querySelector('.status .word.completed')");
    browser.await("document.querySelectorAll('.pictures img.here').length == 4");
    // Before that the same places show how the pictures emerge.
    browser.await("document.querySelector('.pictures').innerText.includes('seed 7')");
  }

  @Test
  @Order(11)
  void aRunningJobCanBeCancelledFromThePage() {
    browser.value(
        "fetch('/api/jobs', {method: 'POST', headers: {'Content-Type': 'application/json'}, body:"
            + " JSON.stringify({id: 'long', model: 'iadb_defaults', count: 2000, steps: 1000})})");
    browser.value("location.hash = '#/jobs/long'");
    browser.await("document.querySelector('.status .word.running')");
    browser.await("document.querySelectorAll('.pictures .noise canvas').length > 10");
    // Whoever stands on its row with the keyboard stays there while it gets on.
    browser.value("document.querySelector('[data-id=long] a').focus()");
    browser.await("document.querySelector('[data-id=long] progress')?.value > 0");
    browser.value("seen = document.querySelector('[data-id=long] progress').value");
    browser.await("document.querySelector('[data-id=long] progress').value > seen");
    assertThat(browser.value("document.activeElement.closest('li')?.dataset.id").asText())
        .isEqualTo("long");
    browser.value("document.querySelector('#cancel').click()");
    browser.await("document.querySelector('.status .word.cancelled')");
    browser.await("document.querySelector('[data-id=long].cancelled')");
  }

  /** Models may take long to be listed; who has gone elsewhere meanwhile stays there. */
  @Test
  @Order(13)
  void anAnswerThatComesLateReplacesNoOtherPage() {
    browser.value(
        "plain = fetch; fetch = async (path, options) => {"
            + " if (String(path).includes('/api/models')) {"
            + " await new Promise(go => setTimeout(go, 600)); late = true; }"
            + " return plain(path, options); }; late = false");
    browser.value("location.hash = '#/new'");
    browser.await("document.querySelector('main').innerText.includes('Reading the models')");
    browser.value("location.hash = '#/jobs/long'");
    browser.await("document.querySelector('.status .word')");
    browser.await("late");
    browser.value("fetch = plain");
    browser.value("plain('/api/models').then(() => setTimeout(() => late = 'answered', 200))");
    browser.await("late === 'answered'");
    assertThat(browser.value("document.querySelector('form.ask') === null").asBoolean()).isTrue();
    assertThat(browser.value("document.querySelector('.status .word') !== null").asBoolean())
        .isTrue();
  }

  @Test
  @Order(12)
  void aFailedJobSaysWhy() {
    browser.value(
        "fetch('/api/jobs', {method: 'POST', headers: {'Content-Type': 'application/json'}, body:"
            + " JSON.stringify({id: 'unknown', model: 'no-such-model'})})");
    browser.await("document.querySelector('[data-id=unknown].failed')");
    browser.value("location.hash = '#/jobs/unknown'");
    browser.await("document.querySelector('#reason')?.textContent.includes('no-such-model')");
    assertThat(browser.value("document.querySelector('#reason code').textContent").asText())
        .isEqualTo("model");
  }

  private static void finished(KafkaProducer<byte[], byte[]> producer, int i) {
    String id = "past-" + i;
    String event =
        "{\"id\":\"%s/cancelled/1\",\"type\":\"cancelled\",\"jobId\":\"%s\",\"attempt\":1,"
                .formatted(id, id)
            + "\"sequence\":1999999,\"time\":\"%s\",\"model\":\"avatars-32@3\",\"cause\":\"called off\"}"
                .formatted(Instant.now().minusSeconds(86_400 + 60L * i));
    Future<?> unused =
        producer.send(
            new ProducerRecord<>(
                page.site.topics().events(), id.getBytes(UTF_8), event.getBytes(UTF_8)));
  }

  @Test
  @Order(15)
  void fiveHundredJobsAreListed() {
    browser.value(
        "window.longest = 0; new PerformanceObserver(list => list.getEntries().forEach(e =>"
            + " {window.longest = Math.max(window.longest, e.duration)})).observe({type:"
            + " 'longtask'})");
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of(
                "bootstrap.servers", Endpoints.running(page.settings).kafka().bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (int i = 0; i < 520; i++) {
        finished(producer, i);
      }
    }
    browser.await("document.querySelectorAll('.row').length >= 520");
    browser.value("document.querySelector('.list').scrollTop = 20000");
    browser.value("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))");
    browser.value("location.hash = '#/'");
    browser.value("window.before = true; location.reload()");
    browser.await("!window.before && document.querySelectorAll('.row').length >= 500");
    assertThat(browser.value("document.querySelector('#more').hidden").asBoolean()).isFalse();
    browser.value("document.querySelector('#more').click()");
    browser.await("document.querySelectorAll('.row').length >= 520");
    System.out.println(
        "520 jobs; redraw of all rows: "
            + browser.value(
                "(() => {const t = performance.now(); document.querySelector('[data-state=failed]')"
                    + ".click(); document.querySelector('[data-state=\"\"]').click();"
                    + " document.querySelector('.list').offsetHeight; return performance.now() -"
                    + " t})()")
            + " ms");
  }

  @Test
  @Order(20)
  void thePageComesBackAfterARestart() throws Exception {
    browser.errors.clear();
    page.leave();
    browser.await("document.querySelector('.connection.off')");
    page.comeBack();
    browser.await("document.querySelector('.connection.on')");
    browser.errors.removeIf(e -> e.matches(".*ERR_(CONNECTION|INCOMPLETE|SOCKET).*"));
    page.post("/api/jobs", "{\"id\":\"after\",\"model\":\"iadb_defaults\",\"steps\":2}");
    browser.await("document.querySelector('[data-id=after].completed')");
    assertThat(browser.value("document.querySelectorAll('.row').length").asInt())
        .isGreaterThanOrEqualTo(500);
  }

  @Test
  @Order(40)
  void nothingWasAnErrorAndNothingLeftTheMachine() {
    page.checkQuiet();
  }
}

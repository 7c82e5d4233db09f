package dev.mezzotint.page;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mezzotint.http.FrontTestProfile;
import dev.mezzotint.iadb.SmoothedData;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.worker.Endpoints;
import dev.mezzotint.worker.TrainingJobTest;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The live page in a browser: jobs of each kind from the form to their images, and live updates.
 */
@QuarkusTest
@TestProfile(FrontTestProfile.class)
@InBrowser
class PageSmokeTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TOKEN = "a-token-of-thirty-two-characters";

  @TempDir private Path folder;

  /** The form validates, submits and leads to the images; with a token, files open too. */
  @Test
  void form_leadsToImages() throws Exception {
    try (LivePage page = new LivePage(folder, List.of(), "mezzotint.http-token", TOKEN)) {
      Chromium browser = page.openWithoutWaiting();
      browser.await("document.querySelector('#token')?.open");
      browser.await("document.querySelector('#token-wrong').hidden");
      enterToken(browser, "not " + TOKEN);
      browser.await("document.querySelector('#token')?.open");
      browser.await("!document.querySelector('#token-wrong').hidden");
      enterToken(browser, TOKEN);
      browser.await("document.querySelector('.connection.on')");

      form(browser, "");
      set(browser, "steps", "0");
      browser.value("document.querySelector('#send').click()");
      browser.await("document.querySelector('.field.wrong .field-problem')?.textContent");
      assertThat(browser.value("document.activeElement.name").asText()).isEqualTo("steps");
      set(browser, "steps", "6");
      set(browser, "seed", "7");
      browser.value("document.querySelector('[name=way]').checked = true");
      send(browser);
      browser.await("document.querySelector('.status .word.completed')");
      browser.await("document.querySelectorAll('.images img.here').length == 4");
      // Before that, the same places show how the images emerge.
      browser.await("document.querySelector('.images').innerText.includes('seed 7')");

      browser.value("open = () => tab = {}");
      browser.value("document.querySelector('.images a').click()");
      browser.await("document.querySelector('dialog.viewer[open] img.here')");
      browser.value("document.querySelector('.viewer a.file').click()");
      browser.await("tab.location?.startsWith('blob:')");
      browser.value("gone = false");
      browser.value("fetch(document.querySelector('.images img').src).catch(() => gone = true)");
      browser.await("gone");
      assertThat(
              browser
                  .value("tab.location !== document.querySelector('.viewer a.file').href")
                  .asBoolean())
          .as("not the address that would be refused")
          .isTrue();
    }
  }

  private static void enterToken(Chromium browser, String token) {
    browser.value("document.querySelector('#token-value').value = '" + token + "'");
    browser.value("document.querySelector('#token button').click()");
  }

  /** Cancellation, failures with their cause, late answers, 520 jobs, and a worker's restart. */
  @Test
  void list_isLiveAndReconnects() throws Exception {
    try (LivePage page = new LivePage(folder, List.of())) {
      Chromium browser = page.browser();
      page.post(
          "/api/jobs",
          "{\"id\":\"long\",\"model\":\"iadb_defaults\",\"count\":2000,\"steps\":1000}");
      browser.value("location.hash = '#/jobs/long'");
      browser.await("document.querySelector('.status .word.running')");
      browser.await("document.querySelectorAll('.images .noise canvas').length > 10");
      // A row that has the focus keeps it while it is updated.
      browser.value("document.querySelector('[data-id=long] a').focus()");
      browser.await("document.querySelector('[data-id=long] progress')?.value > 0");
      browser.value("seen = document.querySelector('[data-id=long] progress').value");
      browser.await("document.querySelector('[data-id=long] progress').value > seen");
      assertThat(browser.value("document.activeElement.closest('li')?.dataset.id").asText())
          .isEqualTo("long");
      browser.value("document.querySelector('#cancel').click()");
      browser.await("document.querySelector('.status .word.cancelled')");
      browser.await("document.querySelector('[data-id=long].cancelled')");

      page.post(
          "/api/jobs",
          "{\"id\":\"unknown\",\"model\":\"iadb_defaults\","
              + "\"init\":{\"image\":\"no-such.png\",\"alpha\":0.5}}");
      browser.await("document.querySelector('[data-id=unknown].failed')");
      browser.value("location.hash = '#/jobs/unknown'");
      browser.await("document.querySelector('#reason')?.textContent.includes('no-such.png')");
      assertThat(browser.value("document.querySelector('#reason code').textContent").asText())
          .isEqualTo("init.image");

      lateAnswersReplaceNoOtherPage(browser);

      past(page);
      browser.await("document.querySelectorAll('.row').length >= 520");
      browser.value("location.hash = '#/'");
      browser.value("window.before = true");
      browser.reload();
      browser.await("!window.before && document.querySelectorAll('.row').length >= 500");
      assertThat(browser.value("document.querySelector('#more').hidden").asBoolean()).isFalse();
      browser.value("document.querySelector('#more').click()");
      browser.await("document.querySelectorAll('.row').length >= 520");

      page.checkQuiet();
      browser.errors.clear();
      page.leave();
      browser.await("document.querySelector('.connection.off')");
      page.comeBack();
      browser.await("document.querySelector('.connection.on')");
      browser.errors.removeIf(e -> e.matches(".*(ERR_(CONNECTION|INCOMPLETE|SOCKET)| 503 ).*"));
      page.post("/api/jobs", "{\"id\":\"after\",\"model\":\"iadb_defaults\",\"steps\":2}");
      browser.await("document.querySelector('[data-id=after].completed')");
      assertThat(browser.value("document.querySelectorAll('.row').length").asInt())
          .isGreaterThanOrEqualTo(500);
      page.checkQuiet();
    }
  }

  private static void lateAnswersReplaceNoOtherPage(Chromium browser) {
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

  /** Events of 520 jobs that were cancelled yesterday. */
  private static void past(LivePage page) {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of(
                "bootstrap.servers", Endpoints.running(page.settings).kafka().bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (int i = 0; i < 520; i++) {
        String id = "past-" + i;
        String event =
            "{\"id\":\"%s/cancelled/1\",\"type\":\"cancelled\",\"jobId\":\"%s\",\"attempt\":1,"
                    .formatted(id, id)
                + "\"sequence\":1999999,\"time\":\"%s\",\"model\":\"avatars-32@3\",\"cause\":\"cancelled\"}"
                    .formatted(Instant.now().minusSeconds(86_400 + 60L * i));
        var unused =
            producer.send(
                new ProducerRecord<>(
                    page.site.topics().events(), id.getBytes(UTF_8), event.getBytes(UTF_8)));
      }
    }
  }

  /** Classes, conditions from files, previews, and a training with its curve; the figure. */
  @Test
  void everyKindOfJob_isOfferedAndShown() throws Exception {
    try (LivePage page = new LivePage(folder, List.of("fashion-28", "drive-64"))) {
      Chromium browser = page.browser();
      form(browser, "fashion-28");
      assertThat(hidden(browser, "classLabel")).isFalse();
      assertThat(hidden(browser, "condition")).isTrue();
      assertThat(browser.value("document.querySelector('[name=classLabel]').innerText").asText())
          .contains("5 ·");
      set(browser, "classLabel", "5");
      set(browser, "count", "3");
      set(browser, "steps", "3");
      String ofClass = send(browser);
      browser.await("document.querySelectorAll('.images img.here').length == 3");
      assertThat(page.json("/api/jobs/" + ofClass).at("/request/classLabel").asInt()).isEqualTo(5);

      form(browser, "drive-64");
      assertThat(hidden(browser, "classLabel")).isTrue();
      assertThat(hidden(browser, "condition")).isFalse();
      Path large = Files.write(folder.resolve("large.png"), new byte[131_073]);
      browser.choose("[name=condition]", large);
      browser.value("document.querySelector('#send').click()");
      // Too large for a request, so it is uploaded; the worker sees that it is no image.
      browser.await("document.querySelector('#reason')?.textContent.includes('is neither a PNG')");
      String uploaded = browser.value("location.hash.slice(7)").asText();
      assertThat(page.json("/api/jobs/" + uploaded).at("/request/condition").asText())
          .matches("inputs/default/[0-9-]+-[0-9a-z]+/large.png")
          .satisfies(key -> assertThat(page.site.store().stat(key)).isPresent());
      form(browser, "drive-64");
      browser.value("document.querySelector('.actions button.quiet').click()"); // Clear
      browser.await("document.querySelector('[name=conditionFrom]')?.value === 'file'");
      form(browser, "drive-64");
      browser.choose("[name=condition]", Path.of("docs/examples/lap/0004.png"));
      set(browser, "count", "2");
      set(browser, "steps", "3");
      String conditional = send(browser);
      browser.await("document.querySelectorAll('.images img.here').length == 2");
      page.awaitState(conditional, "completed");

      previews(page, browser);
      training(page, browser);
      figure(browser);
      page.checkQuiet();
    }
  }

  private static void previews(LivePage page, Chromium browser) throws Exception {
    page.post(
        "/api/jobs",
        "{\"id\":\"slow\",\"model\":\"fashion-28\",\"classLabel\":1,\"count\":6,\"steps\":400}");
    page.awaitState("slow", "running");
    browser.value("location.hash = '#/jobs/slow'");
    browser.await("document.querySelector('.noise img.emerging')?.complete");
    String first = browser.value("document.querySelector('.noise img.emerging').src").asText();
    browser.await(
        "document.querySelector('.noise img.emerging').src !== " + JSON.valueToTree(first));
    assertThat(browser.value("document.querySelector('.noise figcaption').innerText").asText())
        .contains("of 400");
    JsonNode rows = page.json("/api/jobs/slow/preview").path("rows");
    assertThat(rows).isNotEmpty();
    assertThat(rows.get(0).path("total").asInt()).isEqualTo(400);
    page.post("/api/jobs/slow/cancel", "{}");
    page.awaitState("slow", "cancelled");
    assertThat(page.json("/api/jobs/slow/preview").path("rows")).isEmpty();
  }

  private static void training(LivePage page, Chromium browser) throws Exception {
    page.site.store().put("datasets/squares.zip", TrainingJobTest.squares(20), "application/zip");
    page.post("/api/jobs", TrainingJobTest.request("school", 300, 100, ""));
    browser.value("location.hash = '#/jobs/school'");
    // An image if the training ends before its second progress event.
    browser.await("document.querySelector('figure.curve svg, figure.curve img.here')");
    browser.await("document.querySelector('.status .word.completed')");
    browser.await("document.querySelector('#lapse-step')?.textContent === 'step 300'");
    browser.await("document.querySelector('.lapse-stage img.here')?.alt.endsWith('step 300')");
    assertThat(browser.value("document.querySelector('#lapse').max").asInt()).isGreaterThan(1);
    browser.value("document.querySelector('#lapse').focus()");
    browser.press("Home");
    browser.await("document.querySelector('#lapse-step').textContent !== 'step 300'");
    browser.await(
        "document.querySelector('.lapse-stage img.here')?.alt.endsWith("
            + "document.querySelector('#lapse-step').textContent)");
    page.post("/api/jobs", TrainingJobTest.request("night", 2, 1, ""));
    page.awaitState("night", "completed");
    browser.value("location.hash = '#/jobs/night'");
    browser.await("document.querySelector('.status .word.completed')");
    browser.await("document.querySelector('figure.curve img')?.src.includes('/jobs/night/')");
    form(browser, "squares");
    assertThat(browser.value("document.querySelector('.card').textContent").asText())
        .contains("8×8");
  }

  /** Points move by keys; numbers of the figure are those of the Java implementation. */
  private static void figure(Chromium browser) {
    browser.value("location.hash = '#/method'");
    browser.await("document.querySelector('.reading')?.textContent");
    String before = browser.value("document.querySelector('.reading').textContent").asText();
    browser.value("document.querySelector('.plane canvas').focus()");
    browser.press("n");
    browser.press("ArrowRight");
    browser.press("ArrowUp");
    browser.await("document.querySelector('.reading').textContent !== " + JSON.valueToTree(before));
    double bent = longerThanStraight(browser);
    browser.value("document.querySelector('#figure-reflow').click()");
    assertThat(longerThanStraight(browser)).isLessThan(bent / 3);
    reflowLeadsToTheData(browser);

    float[][] points = {{-1.5f, 0.875f}, {0.25f, -1.5f}, {1.75f, 1.25f}};
    SmoothedData oracle = new SmoothedData(points, 0.0625);
    for (Solver solver : Solver.values()) {
      double[] alphas = {0, 0.125, 0.375, 0.5, 0.8125, 1};
      double[] x = {0.5, -0.25};
      double[][] m = new double[3][2];
      for (Stage stage : solver.stages(alphas)) {
        double[] d = new double[2];
        oracle.direction(x, stage.alpha(), d);
        for (int k = 0; k < 2; k++) {
          x[k] += stage.g0() * d[k] + stage.g1() * m[0][k] + stage.g2() * m[1][k];
          x[k] += stage.g3() * m[2][k];
        }
        m = new double[][] {d, m[0], m[1]};
      }
      JsonNode end =
          browser.value(
              "import('/page/iadb.js').then(m => {const w = m.path(m.exactField([[-1.5, 0.875],"
                  + " [0.25, -1.5], [1.75, 1.25]], 0.0625), m.stages('"
                  + solver.wireName()
                  + "', [0, 0.125, 0.375, 0.5, 0.8125, 1]), [0.5, -0.25], "
                  + solver.evaluationsPerStep()
                  + "); return w[w.length - 1];})");
      assertThat(end.get(0).asDouble()).as(solver.wireName()).isCloseTo(x[0], within(1e-9));
      assertThat(end.get(1).asDouble()).as(solver.wireName()).isCloseTo(x[1], within(1e-9));
    }
  }

  /** After a reflow all paths end at a data point, as before it, also those from far outside. */
  private static void reflowLeadsToTheData(Chromium browser) {
    for (String solver : List.of("heun', m.uniform(40)", "euler', m.uniform(6)")) {
      double furthest =
          browser
              .value(
                  "import('/page/iadb.js').then(m => {const data = [[-1.6, 0.9], [-0.5, 1.6], [1.5,"
                      + " 1.2], [1.9, -0.7], [0.2, -1.5], [-1.7, -1.1]];"
                      + " const end = (field, s, n, x) => m.path(field, s, x, n).pop();"
                      + " const exact = m.exactField(data, 0.06);"
                      + " const fine = m.stages('heun', m.uniform(40));"
                      + " const pairs = m.normals(260, 11).map(x => [x, end(exact, fine, 2, x)]);"
                      + " const field = m.pairField(pairs, 0.06);"
                      + " const own = m.stages('"
                      + solver
                      + "); return Math.max(...[...m.normals(28, 7), [3, 3], [-3.5, 0]].map(x => {"
                      + " const e = end(field, own, 1, x); return Math.min(...data.map(p =>"
                      + " Math.hypot(e[0] - p[0], e[1] - p[1])));}));})")
              .asDouble();
      assertThat(furthest).as(solver).isLessThan(0.2);
    }
  }

  private static double longerThanStraight(Chromium browser) {
    return browser
        .value("parseFloat(document.querySelector('.reading').textContent.match(/([0-9.]+) %/)[1])")
        .asDouble();
  }

  /** Opens the form; a model that is not empty is chosen. */
  private static void form(Chromium browser, String model) {
    browser.value("location.hash = '#/'");
    browser.value("location.hash = '#/new'");
    browser.await("document.querySelector('form.ask select[name=model]')?.value");
    if (!model.isEmpty()) {
      browser.value(
          "(() => {const s = document.querySelector('[name=model]'); s.value = '"
              + model
              + "'; s.dispatchEvent(new Event('change'))})()");
    }
  }

  private static void set(Chromium browser, String field, String value) {
    browser.value("document.querySelector('[name=%s]').value = '%s'".formatted(field, value));
  }

  /** Submits the form and returns the job's id. */
  private static String send(Chromium browser) {
    browser.value("document.querySelector('#send').click()");
    browser.await("location.hash.startsWith('#/jobs/')");
    return browser.value("location.hash.slice(7)").asText();
  }

  private static boolean hidden(Chromium browser, String field) {
    return browser
        .value("document.querySelector('[data-field=%s]').hidden".formatted(field))
        .asBoolean();
  }
}

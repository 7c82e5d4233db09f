package dev.mezzotint.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mezzotint.iadb.SmoothedData;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.worker.TrainingJobTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** The live page in a browser: each kind of job as it is asked for and watched, and the figure. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@InBrowser
class PageKindsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path SHOTS = Path.of("target/page");

  @TempDir static Path folder;

  private static LivePage page;
  private static Chromium browser;

  @BeforeAll
  static void start() throws Exception {
    page = new LivePage(folder, List.of("fashion-28", "drive-32"));
    browser = page.browser();
  }

  @AfterAll
  static void stop() {
    page.close();
  }

  private static void form(String model) {
    browser.value("location.hash = '#/'");
    browser.value("location.hash = '#/new'");
    browser.await("document.querySelector('form.ask select[name=model]')?.value");
    browser.value(
        "(() => {const s = document.querySelector('[name=model]'); s.value = '"
            + model
            + "'; s.dispatchEvent(new Event('change'))})()");
  }

  private static void set(String field, String value) {
    browser.value("document.querySelector('[name=%s]').value = '%s'".formatted(field, value));
  }

  /** Sends the form; the id of the job that it became. */
  private static String send() {
    browser.value("document.querySelector('#send').click()");
    browser.await("location.hash.startsWith('#/jobs/')");
    return browser.value("location.hash.slice(7)").asText();
  }

  private static boolean hidden(String field) {
    return browser
        .value("document.querySelector('[data-field=%s]').hidden".formatted(field))
        .asBoolean();
  }

  @Test
  @Order(1)
  void aClassIsChosenByItsName() throws Exception {
    form("drive-32");
    assertThat(hidden("classLabel")).isTrue();
    form("fashion-28");
    assertThat(hidden("classLabel")).isFalse();
    assertThat(hidden("condition")).isTrue();
    assertThat(browser.value("document.querySelector('[name=classLabel]').innerText").asText())
        .contains("5 ·");
    set("classLabel", "5");
    set("count", "3");
    set("steps", "3");
    String id = send();
    browser.await("document.querySelectorAll('.pictures img.here').length == 3");
    assertThat(page.json("/api/jobs/" + id).at("/request/classLabel").asInt()).isEqualTo(5);
  }

  @Test
  @Order(2)
  void aConditionIsGivenAsAFile() throws Exception {
    form("drive-32");
    assertThat(hidden("condition")).isFalse();
    browser.choose("[name=condition]", Path.of("docs/examples/lap/0004.png"));
    set("count", "2");
    set("steps", "3");
    String id = send();
    browser.await("document.querySelectorAll('.pictures img.here').length == 2");
    page.awaitState(id, "completed");
  }

  @Test
  @Order(3)
  void aConditionThatIsTooLargeIsSaidToBeSo() throws IOException {
    form("drive-32");
    Path large = Files.write(folder.resolve("large.png"), new byte[131_073]);
    browser.choose("[name=condition]", large);
    browser.value("document.querySelector('#send').click()");
    browser.await("document.querySelector('.field.wrong .field-problem')?.textContent");
    assertThat(browser.value("document.querySelector('main').innerText").asText())
        .contains("large.png has 131073 bytes", "131072");
  }

  @Test
  @Order(4)
  void picturesAreSeenAsTheyEmergeFromNoise() throws Exception {
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
    browser.shoot(SHOTS.resolve("emerging.png"));
    JsonNode rows = page.json("/api/jobs/slow/preview").path("rows");
    assertThat(rows).isNotEmpty();
    assertThat(rows.get(0).path("total").asInt()).isEqualTo(400);
    page.post("/api/jobs/slow/cancel", "{}");
    page.awaitState("slow", "cancelled");
    assertThat(page.json("/api/jobs/slow/preview").path("rows")).isEmpty();
  }

  @Test
  @Order(5)
  void aTrainingIsWatchedAsACurveAndSampleGrids() throws Exception {
    page.site.store().put("datasets/squares.zip", TrainingJobTest.squares(20), "application/zip");
    page.post("/api/jobs", TrainingJobTest.request("school", 300, 100, ""));
    browser.value("location.hash = '#/jobs/school'");
    // A picture where the training is over before its progress was told twice.
    browser.await("document.querySelector('figure.curve svg, figure.curve img.here')");
    browser.await("document.querySelectorAll('.samples img.here').length > 1");
    browser.await("document.querySelector('.status .word.completed')");
    browser.await("document.querySelector('.samples').innerText.includes('step 300')");
    assertThat(browser.value("document.querySelector('.samples').innerText").asText())
        .contains("step 100");
    browser.shoot(SHOTS.resolve("training.png"));
    page.post("/api/jobs", TrainingJobTest.request("night", 2, 1, ""));
    page.awaitState("night", "completed");
    browser.value("location.hash = '#/jobs/night'");
    browser.await("document.querySelector('.status .word.completed')");
    browser.await("document.querySelector('figure.curve img')?.src.includes('/jobs/night/')");
    form("squares");
    assertThat(browser.value("document.querySelector('.card').textContent").asText())
        .contains("8×8");
  }

  @Test
  @Order(13)
  void thePointsOfTheFigureAreDraggedByKeysToo() {
    browser.value("location.hash = '#/method'");
    browser.await("document.querySelector('.reading')?.textContent");
    String before = browser.value("document.querySelector('.reading').textContent").asText();
    browser.value("document.querySelector('.plane canvas').focus()");
    browser.press("n");
    browser.press("ArrowRight");
    browser.press("ArrowUp");
    browser.await("document.querySelector('.reading').textContent !== " + JSON.valueToTree(before));
    double bent = longer();
    browser.value("document.querySelector('#figure-reflow').click()");
    assertThat(longer()).isLessThan(bent / 3);
  }

  private static double longer() {
    return browser
        .value("parseFloat(document.querySelector('.reading').textContent.match(/([0-9.]+) %/)[1])")
        .asDouble();
  }

  @Test
  @Order(14)
  void theFiguresNumbersAreThoseOfTheJavaOracle() {
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

  @Test
  @Order(40)
  void nothingWasAnErrorAndNothingLeftTheMachine() {
    page.checkQuiet();
  }
}

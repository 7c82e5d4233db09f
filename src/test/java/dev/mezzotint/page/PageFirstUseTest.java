package dev.mezzotint.page;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mezzotint.http.FrontTestProfile;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.worker.TrainingJobTest;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The page as a new user meets it: from the empty page to four faces, frames beside their label
 * maps, a failure in part, a changed request, with the keyboard alone and on a phone.
 */
@QuarkusTest
@TestProfile(FrontTestProfile.class)
@InBrowser
class PageFirstUseTest {
  private static final Path LAP = Path.of("docs/examples/lap");

  @TempDir private Path folder;

  /** One key press on the empty page; then the viewer, the settings of a file, and the zip. */
  @Test
  void emptyPage_leadsToFourFaces_withTheKeyboardAlone() throws Exception {
    try (LivePage page = new LivePage(folder, List.of("avatars-32"))) {
      Chromium browser = page.browser();
      browser.await("document.querySelector('#first:not(:disabled)')");
      assertThat(browser.value("document.querySelector('#first').textContent").asText())
          .isEqualTo("Make 4 faces");
      tabTo(browser, "#first");
      browser.press("Enter");
      browser.await("location.hash.startsWith('#/jobs/')");
      String id = browser.value("location.hash.slice(7)").asText();
      browser.await("document.querySelector('.status .word.completed')");
      browser.await("document.querySelectorAll('.images img.here').length === 4");
      browser.await(
          "[...document.querySelectorAll('.images figcaption')].every(c =>"
              + " c.innerText.includes('seed'))");
      for (JsonNode width :
          browser.value("[...document.querySelectorAll('.images img')].map(i => i.width)")) {
        assertThat(width.asInt()).as("at most six times 32").isBetween(100, 192);
      }
      assertThat(page.json("/api/jobs/" + id).path("imagesTotal").asInt()).isEqualTo(4);

      viewer(page, browser, id);
      archive(page, browser, id);
      settingsOfAnImage(page, browser, id);
      page.checkQuiet();
    }
  }

  private static void tabTo(Chromium browser, String selector) {
    browser.value("document.querySelector('.skip').focus()");
    for (int i = 0; i < 60; i++) {
      if (browser.value("document.activeElement.matches('" + selector + "')").asBoolean()) {
        return;
      }
      browser.press("Tab");
    }
    throw new AssertionError("the Tab key does not reach " + selector);
  }

  private static void viewer(LivePage page, Chromium browser, String id) throws Exception {
    tabTo(browser, ".images a");
    browser.press("Enter");
    browser.await("document.querySelector('dialog.viewer[open] img.here')");
    assertThat(browser.value("document.querySelector('.stage img').width").asInt())
        .as("at most eight times 32")
        .isBetween(64, 256);
    assertThat(browser.value("document.querySelector('.viewer header').innerText").asText())
        .contains(id, "1 of 4");
    browser.press("ArrowRight");
    browser.await("document.querySelector('.viewer header').innerText.includes('2 of 4')");
    browser.press("ArrowLeft");
    browser.press("ArrowLeft");
    browser.await("document.querySelector('.viewer header').innerText.includes('4 of 4')");
    long seed = page.json("/api/jobs/" + id + "/results").at("/images/3/seed").asLong();
    assertThat(browser.value("document.querySelector('.viewer footer').innerText").asText())
        .contains("Copy seed " + seed, "avatars-32");
    browser.press("Escape");
    browser.await("!document.querySelector('dialog.viewer')");
    assertThat(browser.value("document.activeElement.matches('.images a')").asBoolean()).isTrue();
  }

  private static void archive(LivePage page, Chromium browser, String id) throws Exception {
    String address = browser.value("document.querySelector('#download').href").asText();
    List<String> names = new ArrayList<>();
    try (ZipInputStream zip =
        new ZipInputStream(new ByteArrayInputStream(page.bytes(address).body()))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        names.add(entry.getName());
      }
    }
    assertThat(names)
        .containsExactly(
            "images/00000.png",
            "images/00001.png",
            "images/00002.png",
            "images/00003.png",
            "manifest.json");
    assertThat(address).endsWith("/api/jobs/" + id + "/archive");
  }

  /** A file of a job holds the settings that the form reads back. */
  private void settingsOfAnImage(LivePage page, Chromium browser, String id) throws Exception {
    byte[] png = page.bytes(page.base() + "/api/jobs/" + id + "/files/images/00002.png").body();
    Path file = Files.write(folder.resolve("face.png"), png);
    browser.value("location.hash = '#/new'");
    browser.await("document.querySelector('#from-image')");
    browser.choose("#from-image", file);
    browser.await("document.querySelector('#form-note')?.textContent.includes('face.png')");
    JsonNode results = page.json("/api/jobs/" + id + "/results");
    assertThat(browser.value("document.querySelector('[name=seed]').value").asText())
        .isEqualTo(results.at("/images/2/seed").asText());
    assertThat(browser.value("document.querySelector('[name=count]').value").asText())
        .as("it is the third of its seed")
        .isEqualTo("3");
    assertThat(browser.value("document.querySelector('[name=steps]').value").asText())
        .isEqualTo(results.at("/settings/steps").asText());
    assertThat(browser.value("document.querySelector('[name=model]').value").asText())
        .startsWith("avatars-32");
    browser.choose("#from-image", LAP.resolve("0004.png"));
    browser.await(
        "document.querySelector('form.ask > .problem').textContent.includes('holds no settings')");
  }

  /** Maps beside frames; two broken maps; the same request again with all of its members. */
  @Test
  void frameJob_showsMapsAndFailures_andIsEditedWhole() throws Exception {
    try (LivePage page = new LivePage(folder, List.of("drive-64"))) {
      for (int i = 1; i <= 4; i++) {
        byte[] map = Files.readAllBytes(LAP.resolve("000" + i + ".png"));
        page.site.store().put("maps/lap/000" + i + ".png", map, ContentType.PNG);
      }
      for (int i = 5; i <= 6; i++) {
        page.site
            .store()
            .put("maps/lap/000" + i + ".png", "no image".getBytes(UTF_8), ContentType.PNG);
      }
      Chromium browser = page.browser();
      page.post(
          "/api/jobs",
          """
          {"id": "lap", "model": "drive-64", "condition": {"prefix": "maps/lap/", "resize": true},
           "noise": "shared", "variations": 1, "seed": 11, "steps": 3, "priority": "high",
           "tenant": "studio", "deadline": "2199-01-01T00:00:00Z", "strict": false,
           "canvas": {"overlap": 8},
           "output": {"clip": true, "inline": true}}\
          """);
      page.awaitState("lap", "completed");
      browser.value("location.hash = '#/jobs/lap'");
      browser.await("document.querySelector('.status .word.partial')");
      browser.await("document.querySelectorAll('.images.pairs figure').length === 4");
      // Two images each: the label map and its frame.
      browser.await("document.querySelectorAll('.images img.here').length === 8");
      JsonNode sources =
          browser.value(
              "[...document.querySelectorAll('.images img')].slice(0, 2).map(i => i.src)");
      assertThat(sources.get(0).asText()).contains("/api/jobs/lap/conditions/0001.png");
      assertThat(sources.get(1).asText()).contains("/files/images/0001.png");
      assertThat(page.bytes(sources.get(0).asText()).body())
          .isEqualTo(Files.readAllBytes(LAP.resolve("0001.png")));
      browser.await("document.querySelector('[data-name=clip] img.here')");
      assertThat(browser.value("document.querySelector('#failed-frames').innerText").asText())
          .contains("4 of 6 images", "2 frames failed", "0005.png", "0006.png");
      assertThat(browser.value("document.querySelector('[data-id=lap]').innerText").asText())
          .contains("4 of 6 images");
      assertThat(browser.value("document.querySelector('[data-id=lap]').className").asText())
          .contains("partial");

      browser.value("document.querySelector('#again').click()");
      browser.await("document.querySelector('#form-note')?.textContent.includes('lap')");
      browser.value("document.querySelector('#send').click()");
      browser.await("location.hash.startsWith('#/jobs/') && location.hash !== '#/jobs/lap'");
      String again = browser.value("location.hash.slice(7)").asText();
      page.awaitState(again, "completed");
      JsonNode request = page.json("/api/jobs/" + again + "/request");
      JsonNode first = page.json("/api/jobs/lap/request");
      ((ObjectNode) first).remove("id");
      ((ObjectNode) request).remove("id");
      ((ObjectNode) first).put("deadline", "2199-01-01T00:00:00.000Z");
      assertThat(request).isEqualTo(first);
      page.checkQuiet();
    }
  }

  /** A start image and its mask, of this computer, and again from the job that they made. */
  @Test
  void startImageAndMask_areFieldsOfTheForm() throws Exception {
    try (LivePage page = new LivePage(folder, List.of("avatars-32"))) {
      Path start = Files.write(folder.resolve("start.png"), Png.encode(plain(3, 200)));
      Path mask = Files.write(folder.resolve("mask.png"), Png.encode(plain(1, 255)));
      Chromium browser = page.browser();
      browser.value("location.hash = '#/new'");
      browser.await("document.querySelector('[name=model]')?.value === 'avatars-32'");
      browser.value("document.querySelector('details.more-options').open = true");
      assertThat(visible(browser, "[name=mask]")).as("without a start image").isFalse();
      browser.choose("[name=init]", start);
      browser.await("document.querySelector('[name=mask]').checkVisibility()");
      browser.choose("[name=mask]", mask);
      browser.value("document.querySelector('[name=alpha]').value = '1.5'");
      browser.value("document.querySelector('#send').click()");
      browser.await(
          "document.querySelector('[data-field=init].wrong')?.innerText.includes('alpha')");
      browser.value("document.querySelector('[name=alpha]').value = '0.75'");
      browser.value("document.querySelector('[name=steps]').value = '4'");
      String first = send(browser, "");
      page.awaitState(first, "completed");
      JsonNode request = page.json("/api/jobs/" + first + "/request");
      assertThat(request.at("/init/alpha").asDouble()).isEqualTo(0.75);
      assertThat(request.at("/init/image/data").binaryValue()).isEqualTo(Files.readAllBytes(start));
      assertThat(request.at("/mask/data").binaryValue()).isEqualTo(Files.readAllBytes(mask));

      browser.await("document.querySelector('#again')");
      browser.value("document.querySelector('#again').click()");
      browser.await("document.querySelector('#form-note')?.textContent.includes('" + first + "')");
      assertThat(visible(browser, "[name=maskJson]")).isTrue();
      String again = send(browser, first);
      page.awaitState(again, "completed");
      JsonNode repeated = page.json("/api/jobs/" + again + "/request");
      assertThat(((ObjectNode) repeated).without("id").toString())
          .isEqualTo(((ObjectNode) request).without("id").toString());
      page.checkQuiet();
    }
  }

  private static Pixels plain(int channels, int value) {
    byte[] bytes = new byte[32 * 32 * channels];
    Arrays.fill(bytes, (byte) value);
    return new Pixels(32, 32, channels, bytes);
  }

  private static boolean visible(Chromium browser, String selector) {
    return browser
        .value("document.querySelector('" + selector + "').checkVisibility()")
        .asBoolean();
  }

  /** Submits the form and returns the id of the job, which is another than the one before. */
  private static String send(Chromium browser, String before) {
    browser.value("document.querySelector('#send').click()");
    browser.await(
        "location.hash.startsWith('#/jobs/') && location.hash !== '#/jobs/" + before + "'");
    return browser.value("location.hash.slice(7)").asText();
  }

  /** All recipes are offered; one of this computer, with a zip of images; what took how long. */
  @Test
  void training_beginsWithARecipe_andShowsWhereItsTimeWent() throws Exception {
    try (LivePage page = new LivePage(folder, List.of())) {
      Chromium browser = page.browser();
      browser.value("location.hash = '#/train'");
      browser.await("document.querySelector('[name=rest]')?.value.includes('triangle')");
      Set<String> offered = new TreeSet<>();
      browser
          .value("[...document.querySelector('[name=recipe]').options].map(o => o.value)")
          .forEach(name -> offered.add(name.asText()));
      Set<String> wanted = new TreeSet<>(Set.of("file"));
      try (Stream<Path> recipes = Files.list(Path.of("recipes"))) {
        for (Path recipe : recipes.toList()) {
          String name = recipe.getFileName().toString();
          wanted.add(name.replace(".json", ""));
          assertThat(page.get("/page/recipes/" + name).body()).isEqualTo(Files.readString(recipe));
        }
      }
      assertThat(offered).isEqualTo(wanted);
      assertThat(visible(browser, "[name=dataset]")).as("points need no data").isFalse();

      choose(browser, "recipe", "images-32");
      browser.await("document.querySelector('[name=model]').value === 'images-32'");
      browser.value("document.querySelector('#send').click()");
      browser.await("document.querySelector('[data-field=dataset].wrong .field-problem')");

      choose(browser, "recipe", "file");
      Path recipe = folder.resolve("recipe.json");
      Files.writeString(recipe, TrainingJobTest.request("school", 60, 30, ""));
      browser.choose("[name=recipeFile]", recipe);
      browser.await("document.querySelector('[name=model]').value === 'squares'");
      assertThat(browser.value("document.querySelector('[name=datasetText]').value").asText())
          .isEqualTo("datasets/squares.zip");
      choose(browser, "datasetFrom", "file");
      Path zip = Files.write(folder.resolve("squares.zip"), TrainingJobTest.squares(20));
      browser.choose("[name=dataset]", zip);
      browser.value("document.querySelector('[name=iterations]').value = '40'");
      assertThat(send(browser, "")).isEqualTo("school");
      page.awaitState("school", "completed");
      JsonNode request = page.json("/api/jobs/school/request");
      assertThat(request.at("/iterations").asInt()).isEqualTo(40);
      String key = request.at("/dataset/reference").asText();
      assertThat(key).matches("datasets/.+/squares.zip");
      assertThat(page.site.store().get(key).orElseThrow().bytes())
          .isEqualTo(Files.readAllBytes(zip));

      browser.await("document.querySelector('.status .word.completed')");
      browser.await("document.querySelector('.events')?.innerText.includes('Completed')");
      assertThat(browser.value("document.querySelector('.events').innerText").asText())
          .containsSubsequence("Submitted", "Taken from the queue", "Started on w1", "Completed");
      assertThat(browser.value("document.querySelector('#parts').innerText").asText())
          .contains("in the queue");
      JsonNode events = page.json("/api/jobs/school").path("events");
      assertThat(events.get(0).path("type").asText()).isEqualTo("accepted");
      assertThat(events.get(events.size() - 1).path("type").asText()).isEqualTo("completed");

      String documentation = browser.value("document.querySelector('nav a[target]').href").asText();
      assertThat(documentation).isEqualTo(page.base() + "/q/swagger-ui/");
      assertThat(page.bytes(documentation).statusCode()).isEqualTo(200);
      page.checkQuiet();
    }
  }

  private static void choose(Chromium browser, String name, String value) {
    browser.value(
        "(() => {const s = document.querySelector('[name=%s]'); s.value = '%s';"
                .formatted(name, value)
            + " s.dispatchEvent(new Event('change'))})()");
  }

  /** On a phone images come first, the list is a page of its own, and its filter is an address. */
  @Test
  void phone_showsImagesFirst() throws Exception {
    try (LivePage page = new LivePage(folder, List.of("avatars-32"))) {
      Chromium browser = page.browser();
      browser.look(400, 844, /* dark= */ true);
      page.post("/api/jobs", "{\"id\":\"faces\",\"model\":\"avatars-32\",\"count\":4,\"steps\":3}");
      page.post(
          "/api/jobs",
          "{\"id\":\"wrong\",\"model\":\"avatars-32\","
              + "\"init\":{\"image\":\"no-such.png\",\"alpha\":0.5}}");
      page.awaitState("faces", "completed");
      page.awaitState("wrong", "failed");
      browser.await("document.querySelectorAll('.wall .plate img.here').length === 4");
      assertThat(browser.value("document.querySelector('.list').checkVisibility()").asBoolean())
          .isFalse();
      browser.value("document.querySelector('nav a.phone').click()");
      browser.await("document.querySelector('.list').checkVisibility()");
      browser.await("document.querySelectorAll('.row').length === 2");
      browser.value("document.querySelector('[data-state=failed]').click()");
      browser.await("location.hash === '#/jobs?state=failed'");
      browser.await("document.querySelectorAll('.row').length === 1");
      browser.value("window.before = true");
      browser.reload();
      browser.await("!window.before && document.querySelector('.row.failed')");
      assertThat(browser.value("document.querySelectorAll('.row').length").asInt()).isOne();
      browser.value("document.querySelector('.row a').click()");
      browser.await("document.querySelector('#reason')");
      browser.value("document.querySelector('.back a').click()");
      browser.await("document.querySelector('.list').checkVisibility()");
      assertThat(browser.value("document.documentElement.scrollWidth <= innerWidth").asBoolean())
          .isTrue();
      page.checkQuiet();
    }
  }

  /** Ends of jobs are counted in the title while the page is not looked at. */
  @Test
  void title_countsJobsThatEndUnseen() throws Exception {
    try (LivePage page = new LivePage(folder, List.of())) {
      Chromium browser = page.browser();
      browser.value(
          "Object.defineProperty(document, 'hidden', {get: () => window.away, configurable: true});"
              + " away = true");
      page.post("/api/jobs", "{\"id\":\"a\",\"model\":\"iadb_defaults\",\"steps\":2}");
      page.post("/api/jobs", "{\"id\":\"b\",\"model\":\"iadb_defaults\",\"steps\":2}");
      browser.await("document.title === '(2) Mezzotint'");
      browser.value("away = false; document.dispatchEvent(new Event('visibilitychange'))");
      assertThat(browser.value("document.title").asText()).isEqualTo("Mezzotint");
      page.checkQuiet();
    }
  }
}

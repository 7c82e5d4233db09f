package dev.mezzotint.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** The live page without a mouse and without eyes: reachable by Tab, named, in order, told. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@InBrowser
class PageAccessTest {
  private static final List<String> PLACES = List.of("#/", "#/new", "#/method", "#/jobs/few");
  private static final Set<String> CONTROLS =
      Set.of(
          "button",
          "option",
          "link",
          "checkbox",
          "combobox",
          "textbox",
          "spinbutton",
          "slider",
          "application",
          "radio",
          "switch",
          "listbox",
          "searchbox",
          "progressbar",
          "image");

  /** Everything that a mouse could work, as it stands on the page. */
  private static final String WORKABLE =
      "[...document.querySelectorAll('a[href],button,input,select,textarea,summary,[tabindex=\"0\"]')]"
          + ".filter(e => !e.disabled && e.checkVisibility({visibilityProperty: true}))";

  private static final int TABS_MAX = 120;

  @TempDir static Path folder;

  private static LivePage page;
  private static Chromium browser;

  @BeforeAll
  static void start() throws Exception {
    page = new LivePage(folder, List.of("fashion-28"));
    browser = page.browser();
    page.post("/api/jobs", "{\"id\":\"few\",\"model\":\"iadb_defaults\",\"count\":3,\"steps\":2}");
    page.awaitState("few", "completed");
  }

  @AfterAll
  static void stop() {
    page.close();
  }

  private static void go(String place) {
    browser.value("location.hash = '" + place + "'");
    browser.await("document.querySelector('main h1')");
    switch (place) {
      case "#/new" -> browser.await("document.querySelector('form.ask [name=model]')?.value");
      case "#/jobs/few" -> browser.await("document.querySelectorAll('.pictures img').length == 3");
      default -> browser.await("document.querySelector('.row')");
    }
  }

  @Test
  @Order(1)
  void whatCanBeWorkedOrSeenHasARoleAndAName() {
    for (String place : PLACES) {
      go(place);
      int controls = 0;
      List<String> nameless = new ArrayList<>();
      for (JsonNode node : browser.accessibleNodes()) {
        String role = node.at("/role/value").asText();
        boolean focusable = false;
        for (JsonNode property : node.path("properties")) {
          focusable |=
              property.path("name").asText().equals("focusable")
                  && property.at("/value/value").asBoolean();
        }
        boolean control = CONTROLS.contains(role);
        if (node.path("ignored").asBoolean() || !(control || focusable)) {
          continue;
        }
        controls++;
        boolean page = Set.of("RootWebArea", "main").contains(role); // named by title and heading
        boolean known = control || page || role.equals("heading");
        if (!known || (!page && node.at("/name/value").asText().isBlank())) {
          nameless.add(node.toString());
        }
      }
      assertThat(nameless).as(place).isEmpty();
      assertThat(controls).as(place).isGreaterThan(6);
    }
  }

  @Test
  @Order(2)
  void tabReachesEverythingInTheOrderOfThePage() {
    for (String place : PLACES) {
      go(place);
      browser.value(
          "document.activeElement.blur(); getSelection().removeAllRanges(); scrollTo(0, 0)");
      browser.value("window.reached = []; document.querySelector('.skip').focus()");
      int all = browser.value(WORKABLE + ".length").asInt();
      for (int i = 0; i < TABS_MAX; i++) {
        boolean again =
            browser
                .value(
                    "(() => {const e = document.activeElement; if (reached.includes(e)) return true;"
                        + " reached.push(e); return false})()")
                .asBoolean();
        if (again) {
          break;
        }
        browser.press("Tab");
      }
      assertThat(
              browser
                  .value(WORKABLE + ".filter(e => !reached.includes(e)).map(e => e.outerHTML)")
                  .toString())
          .as(place)
          .isEqualTo("[]");
      assertThat(browser.value("reached.length").asInt()).isGreaterThanOrEqualTo(all);
      assertThat(
              browser
                  .value(
                      "reached.filter(e => e !== document.body).every((e, i, r) => i === 0 ||"
                          + " r[i - 1].compareDocumentPosition(e) & 4)")
                  .asBoolean())
          .as("order on " + place)
          .isTrue();
    }
  }

  @Test
  @Order(3)
  void whatHasTheFocusIsSeenToHaveIt() {
    go("#/new");
    browser.value("document.querySelector('.skip').focus()");
    for (int i = 0; i < 12; i++) {
      browser.press("Tab");
      assertThat(
              browser
                  .value(
                      "(() => {const s = getComputedStyle(document.activeElement); return s.outlineStyle"
                          + " !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none'})()")
                  .asBoolean())
          .as(browser.value("document.activeElement.outerHTML").asText())
          .isTrue();
    }
  }

  @Test
  @Order(4)
  void headingsAndLandmarksAreInOrder() {
    for (String place : PLACES) {
      go(place);
      List<Integer> levels = new ArrayList<>();
      for (JsonNode level :
          browser.value(
              "[...document.querySelectorAll('main h1,main h2,main h3,main h4')]"
                  + ".filter(e => e.checkVisibility()).map(e => Number(e.tagName[1]))")) {
        levels.add(level.asInt());
      }
      assertThat(levels.get(0)).as(place).isEqualTo(1);
      for (int i = 1; i < levels.size(); i++) {
        assertThat(levels.get(i)).as(place + levels).isBetween(2, levels.get(i - 1) + 1);
      }
      Set<String> roles = new TreeSet<>();
      browser.accessibleNodes().forEach(node -> roles.add(node.at("/role/value").asText()));
      assertThat(roles).as(place).contains("main", "navigation", "banner", "region");
      assertThat(browser.value("document.querySelectorAll('main').length").asInt()).isOne();
      assertThat(browser.value("document.documentElement.lang").asText()).isEqualTo("en");
    }
  }

  @Test
  @Order(5)
  void theFocusGoesWithTheReader() {
    go("#/");
    browser.value("document.querySelector('[data-id=few] a').focus()");
    browser.press("Enter");
    browser.await("location.hash === '#/jobs/few'");
    browser.await("document.activeElement.id === 'main'");
    browser.value("document.querySelector('.skip').focus()");
    browser.press("Enter");
    browser.await("document.activeElement.id === 'main'");
    assertThat(browser.value("location.hash").asText()).isEqualTo("#/jobs/few");
  }

  @Test
  @Order(6)
  void whatHappensIsTold() throws Exception {
    assertThat(browser.value("document.querySelector('#announce').ariaLive").asText())
        .isEqualTo("polite");
    page.post(
        "/api/jobs", "{\"id\":\"told\",\"model\":\"fashion-28\",\"classLabel\":1,\"steps\":300}");
    page.awaitState("told", "running");
    browser.value("location.hash = '#/jobs/told'");
    browser.await("document.querySelector('#cancel')");
    browser.value("document.querySelector('#cancel').focus()");
    browser.press("Enter");
    browser.await("document.querySelector('#announce').textContent === 'Job told is cancelled'");
    go("#/new");
    browser.value("document.querySelector('[name=count]').value = '0'");
    browser.value("document.querySelector('[name=count]').focus()");
    browser.press("Enter");
    browser.await("document.querySelector('#announce').textContent.includes('count')");
    assertThat(browser.value("document.activeElement.name").asText()).isEqualTo("count");
    assertThat(browser.value("document.activeElement.ariaInvalid").asText()).isEqualTo("true");
  }

  @Test
  @Order(40)
  void nothingWasAnErrorAndNothingLeftTheMachine() {
    page.checkQuiet();
  }
}

package dev.mezzotint.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mezzotint.http.FrontTestProfile;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The live page without a mouse, without eyes and on a phone: roles, names, keyboard, headings,
 * announcements, contrast in both colour schemes. With {@code -Dpage.image=FILE}, writes the page
 * of a finished job of the bundled model to that file.
 */
@QuarkusTest
@TestProfile(FrontTestProfile.class)
@InBrowser
class PageAccessibilityTest {
  private static final List<String> PAGES =
      List.of("#/", "#/new", "#/train", "#/method", "#/jobs/few");
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
          "DisclosureTriangle",
          "DisclosureTriangleGrouped",
          "image");

  /** Everything on the page that a mouse could operate. */
  private static final String OPERABLE =
      "[...document.querySelectorAll('a[href],button,input,select,textarea,summary,[tabindex=\"0\"]')].filter(e"
          + " => !e.disabled && e.checkVisibility({visibilityProperty: true}))";

  private static final int TABS_MAX = 120;

  /** WCAG 2.2, 1.4.3 (AA): texts with less contrast to their background than 4.5 to 1. */
  private static final String FAINT =
      """
      (() => {
        const parts = c => c.match(/[\\d.]+/g).map(Number);
        const light = c => {
          const [r, g, b] = parts(c).slice(0, 3).map(v => v / 255)
              .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const behind = e => {
          for (let at = e; at; at = at.parentElement) {
            const c = getComputedStyle(at).backgroundColor;
            if (parts(c).length < 4 || parts(c)[3] > 0.95) return c;
          }
          return 'rgb(255, 255, 255)';
        };
        return [...document.querySelectorAll('body *')]
            .filter(e => e.checkVisibility({opacityProperty: true, visibilityProperty: true}))
            .filter(e => !e.disabled && !e.closest('.unseen') && getComputedStyle(e).color.startsWith('rgb'))
            .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
            .map(e => {
              const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];
              return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.outerHTML.slice(0, 90)];
            })
            .filter(([ratio]) => ratio < 4.5);
      })()\
      """;

  @TempDir private Path folder;

  @Test
  void page_isUsableByKeyboardScreenReaderAndPhone() throws Exception {
    try (LivePage page = new LivePage(folder, List.of("fashion-28", "avatars-32"))) {
      Chromium browser = page.browser();
      page.post("/api/jobs", "{\"id\":\"few\",\"model\":\"avatars-32\",\"count\":3,\"steps\":4}");
      page.awaitState("few", "completed");
      for (String place : PAGES) {
        go(browser, place);
        checkRolesAndNames(browser, place);
        checkHeadingsAndLandmarks(browser, place);
        checkTabOrder(browser, place);
        checkLooks(browser, place);
      }
      checkVisibleFocus(browser);
      checkFocusFollowsNavigation(browser);
      checkAnnouncements(page, browser);
      page.checkQuiet();
    }
  }

  private static void go(Chromium browser, String place) {
    browser.value("location.hash = '" + place + "'");
    browser.await("document.querySelector('main h1')");
    switch (place) {
      case "#/new" -> browser.await("document.querySelector('form.ask [name=model]')?.value");
      case "#/train" -> browser.await("document.querySelector('[name=rest]')?.value.length > 30");
      case "#/jobs/few" -> browser.await("document.querySelectorAll('.images img').length == 3");
      default -> browser.await("document.querySelector('.row')");
    }
  }

  private static void checkRolesAndNames(Chromium browser, String place) {
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

  private static void checkHeadingsAndLandmarks(Chromium browser, String place) {
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

  /** The Tab key reaches every control, in the order of the page. */
  private static void checkTabOrder(Chromium browser, String place) {
    browser.value(
        "document.activeElement.blur(); getSelection().removeAllRanges(); scrollTo(0, 0)");
    browser.value("window.reached = []; document.querySelector('.skip').focus()");
    int all = browser.value(OPERABLE + ".length").asInt();
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
                .value(OPERABLE + ".filter(e => !reached.includes(e)).map(e => e.outerHTML)")
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

  /** Light, dark and 390 pixels wide: nothing overflows and every text has enough contrast. */
  private static void checkLooks(Chromium browser, String place) throws Exception {
    for (String look : List.of("dark", "phone", "light")) {
      boolean phone = look.equals("phone");
      browser.look(phone ? 390 : 1440, phone ? 844 : 900, look.equals("dark"));
      Thread.sleep(600); // images fade in
      String name = place.replaceAll("\\W+", "-") + "-" + look;
      assertThat(browser.value("document.documentElement.scrollWidth <= innerWidth").asBoolean())
          .as("%s: as wide as the window", name)
          .isTrue();
      assertThat(browser.value("document.documentElement.scrollHeight <= innerHeight").asBoolean())
          .as("%s: only its columns scroll", name)
          .isTrue();
      assertThat(browser.value(FAINT).toString()).as("%s: contrast", name).isEqualTo("[]");
      browser.value("document.activeElement?.blur()");
      Path image = Path.of("target/page", name + ".png");
      browser.shoot(image);
      String copy = System.getProperty("page.image", "");
      if (name.equals("-jobs-few-light") && !copy.isEmpty()) {
        Files.copy(image, Path.of(copy), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private static void checkVisibleFocus(Chromium browser) {
    go(browser, "#/new");
    browser.value("document.querySelector('.skip').focus()");
    for (int i = 0; i < 12; i++) {
      browser.press("Tab");
      assertThat(
              browser
                  .value(
                      "(() => {const s = getComputedStyle(document.activeElement); return"
                          + " s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 ||"
                          + " s.boxShadow !== 'none'})()")
                  .asBoolean())
          .as(browser.value("document.activeElement.outerHTML").asText())
          .isTrue();
    }
  }

  private static void checkFocusFollowsNavigation(Chromium browser) {
    go(browser, "#/");
    browser.value("document.querySelector('[data-id=few] a').focus()");
    browser.press("Enter");
    browser.await("location.hash === '#/jobs/few'");
    browser.await("document.activeElement.id === 'main'");
    browser.value("document.querySelector('.skip').focus()");
    browser.press("Enter");
    browser.await("document.activeElement.id === 'main'");
    assertThat(browser.value("location.hash").asText()).isEqualTo("#/jobs/few");
  }

  private static void checkAnnouncements(LivePage page, Chromium browser) throws Exception {
    assertThat(browser.value("document.querySelector('#announce').ariaLive").asText())
        .isEqualTo("polite");
    page.post(
        "/api/jobs", "{\"id\":\"long\",\"model\":\"fashion-28\",\"classLabel\":1,\"steps\":300}");
    page.awaitState("long", "running");
    browser.value("location.hash = '#/jobs/long'");
    browser.await("document.querySelector('#cancel')");
    browser.value("document.querySelector('#cancel').focus()");
    browser.press("Enter");
    browser.await("document.querySelector('#announce').textContent === 'Job long is cancelled'");
    go(browser, "#/new");
    browser.value("document.querySelector('[name=count]').value = '0'");
    browser.value("document.querySelector('[name=count]').focus()");
    browser.press("Enter");
    browser.await("document.querySelector('#announce').textContent.includes('count')");
    assertThat(browser.value("document.activeElement.name").asText()).isEqualTo("count");
    assertThat(browser.value("document.activeElement.ariaInvalid").asText()).isEqualTo("true");
  }
}

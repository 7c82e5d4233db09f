package dev.mezzotint.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The live page as it looks: {@code target/page} holds it in light and dark, and on a phone. {@code
 * -Dpage.picture=FILE} draws more with the bundled model and writes the page as it then is.
 */
@InBrowser
class PageLooksTest {
  private static final Optional<String> PICTURE =
      Optional.ofNullable(System.getProperty("page.picture"));
  private static final Path SHOTS = Path.of("target/page");
  private static final String FEW =
      "{\"id\":\"few\",\"model\":\"avatars-32\",\"count\":4,\"steps\":4}";

  /** WCAG 2.2, 1.4.3 (AA): words with less contrast to what is behind them than 4.5 to 1. */
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
      })()""";

  @TempDir static Path folder;

  private static LivePage page;
  private static Chromium browser;

  @BeforeAll
  static void start() throws Exception {
    page = new LivePage(folder, List.of("avatars-32"));
    browser = page.browser();
  }

  @AfterAll
  static void stop() {
    page.close();
  }

  @Test
  void itLooksAsItShould() throws Exception {
    if (PICTURE.isPresent()) {
      exhibit();
    } else {
      page.post("/api/jobs", FEW);
      page.awaitState("few", "completed");
    }
    browser.look(1440, 900, /* dark= */ false);
    browser.value("location.hash = '#/'");
    browser.await("document.querySelectorAll('.wall img.here').length > 2");
    Thread.sleep(600); // pictures fade in
    shoot("wall-light.png");
    browser.look(1440, 900, /* dark= */ true);
    shoot("wall-dark.png");
    for (boolean dark : new boolean[] {false, true}) {
      browser.look(1440, 900, dark);
      String word = dark ? "dark" : "light";
      for (String page : List.of("new", "method")) {
        browser.value("location.hash = '#/" + page + "'");
        browser.await("document.querySelector('main h1')");
        Thread.sleep(500);
        shoot(page + "-" + word + ".png");
      }
      String job = PICTURE.isPresent() ? "faces-24" : "few";
      browser.value("location.hash = '#/jobs/" + job + "'");
      browser.await("document.querySelectorAll('.pictures img.here').length > 2");
      Thread.sleep(600);
      shoot("job-" + word + ".png");
    }
    browser.look(390, 844, /* dark= */ false);
    shoot("job-phone.png");
    if (PICTURE.isPresent()) {
      Path to = Path.of(PICTURE.get()).toAbsolutePath();
      Files.createDirectories(to.getParent());
      Files.copy(
          SHOTS.resolve("job-light.png"), to, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Looks before it takes the picture: nothing hangs over the edge, every word can be read. */
  private static void shoot(String name) throws Exception {
    assertThat(browser.value("document.documentElement.scrollWidth <= innerWidth").asBoolean())
        .as("%s: as wide as the window", name)
        .isTrue();
    assertThat(browser.value(FAINT).toString()).as("%s: contrast", name).isEqualTo("[]");
    browser.shoot(SHOTS.resolve(name));
  }

  private static void exhibit() throws Exception {
    String[] requests = {
      "{\"id\":\"portraits\",\"model\":\"avatars-32\",\"count\":4,\"seed\":11,\"steps\":16}",
      "{\"id\":\"market-crowd\",\"model\":\"avatars-32\",\"count\":9,\"seed\":5,\"steps\":12,"
          + "\"sampler\":\"heun\"}",
      "{\"id\":\"one-face\",\"model\":\"avatars-32\",\"count\":1,\"seed\":3,\"steps\":24}",
      "{\"id\":\"villagers\",\"model\":\"avatars-32\",\"count\":6,\"seed\":21,\"steps\":12}",
      "{\"id\":\"guards\",\"model\":\"avatars-32\",\"count\":4,\"seed\":31,\"steps\":12}",
      "{\"id\":\"faces-24\",\"model\":\"avatars-32\",\"count\":24,\"seed\":42,\"steps\":16,"
          + "\"sampler\":\"ab2\"}",
    };
    for (String request : requests) {
      page.post("/api/jobs", request);
      page.awaitState(idOf(request), "completed");
    }
    page.post("/api/jobs", "{\"id\":\"typo\",\"model\":\"avatar-32\"}");
    page.awaitState("typo", "failed");
    page.post(
        "/api/jobs", "{\"id\":\"poster-run\",\"model\":\"avatars-32\",\"count\":400,\"steps\":32}");
    page.post("/api/jobs", "{\"id\":\"poster-next\",\"model\":\"avatars-32\",\"count\":40}");
    page.awaitState("poster-run", "running");
    Thread.sleep(8_000);
  }

  private static String idOf(String request) {
    return request.replaceAll(".*\"id\":\"([^\"]+)\".*", "$1");
  }
}

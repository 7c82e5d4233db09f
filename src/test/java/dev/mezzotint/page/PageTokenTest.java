package dev.mezzotint.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The live page where HTTP has a token, as it must where others can reach it. */
@InBrowser
class PageTokenTest {
  private static final String TOKEN = "a-token-of-thirty-two-characters";

  @TempDir private Path folder;

  private static void say(Chromium browser, String token) {
    browser.value("document.querySelector('#token-value').value = '" + token + "'");
    browser.value("document.querySelector('#token button').click()");
  }

  @Test
  void aWrongTokenIsSaidToBeOneAndFilesOpenWithTheRightOne() throws Exception {
    try (LivePage page = new LivePage(folder, List.of(), "mezzotint.http-token", TOKEN)) {
      Chromium browser = page.strange();
      browser.await("document.querySelector('#token')?.open");
      browser.await("document.querySelector('#token-wrong').hidden");
      say(browser, "not " + TOKEN);
      browser.await("document.querySelector('#token')?.open");
      browser.await("!document.querySelector('#token-wrong').hidden");
      say(browser, TOKEN);
      browser.await("document.querySelector('.connection.on')");

      browser.value("location.hash = '#/new'");
      browser.await("document.querySelector('form.ask select[name=model]')?.value");
      browser.value("document.querySelector('[name=steps]').value = '2'");
      browser.value("document.querySelector('#send').click()");
      browser.await("document.querySelector('.status .word.completed')");
      browser.await("document.querySelectorAll('.pictures img.here').length == 4");
      browser.value("open = () => tab = {}");
      browser.value("document.querySelector('.pictures a').click()");
      browser.await("tab.location?.startsWith('blob:')");
      browser.value("gone = false");
      browser.value("fetch(document.querySelector('.pictures img').src).catch(() => gone = true)");
      browser.await("gone");
      assertThat(
              browser
                  .value("tab.location !== document.querySelector('.pictures a').href")
                  .asBoolean())
          .as("not the address that would be refused")
          .isTrue();
    }
  }
}

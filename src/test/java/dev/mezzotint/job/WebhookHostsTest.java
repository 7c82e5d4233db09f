package dev.mezzotint.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WebhookHostsTest {
  private static final WebhookHosts HOSTS =
      WebhookHosts.of(List.of("Hooks.example.com", " 10.0.0.7:8443", "[::1]:9000"));

  private static JsonObject request(Object webhook) {
    return JsonObject.parse(JsonText.write(Map.of("webhook", webhook)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://hooks.example.com",
        "https://hooks.example.com/a/b?x=1&y=%20",
        "http://HOOKS.example.com:80/",
        "https://hooks.example.com:443/a",
        "https://10.0.0.7:8443/hook",
        "http://[::1]:9000/hook"
      })
  void read_acceptsAddressesAtListedHosts(String address) {
    assertThat(HOSTS.read(request(address))).contains(URI.create(address));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://evil.example.com/",
        "https://hooks.example.com.evil.example/",
        "https://hooks.example.com:8443/",
        "http://hooks.example.com:443/",
        "https://10.0.0.7/",
        "http://169.254.169.254/latest/meta-data",
        "http://localhost/"
      })
  void read_refusesOtherHostsByName(String address) {
    assertThatThrownBy(() -> HOSTS.read(request(address)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage(
            "webhook must be at a host that MEZZOTINT_WEBHOOK_HOSTS lists, not "
                + URI.create(address).getAuthority());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "hooks.example.com",
        "ftp://hooks.example.com/",
        "https://[9f7]:6802/a",
        "https://host/a%zz",
        "https://user:password@hooks.example.com/",
        "https://evil.example@hooks.example.com/",
        "https://hooks.example.com/#fragment",
        "https://hooks.example.com\\@evil.example/",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/%zz",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com:0/",
        "https:///hook"
      })
  void read_refusesWhatIsNotAnAddress(String text) {
    assertThatThrownBy(() -> WebhookHosts.ANY.read(request(text)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("webhook must be an http or https address");
    assertThat(WebhookHosts.parse(text)).isEmpty();
  }

  @Test
  void read_refusesEveryWebhook_withoutHosts() {
    assertThat(WebhookHosts.of(List.of()).read(JsonObject.parse("{}"))).isEmpty();
    assertThatThrownBy(() -> WebhookHosts.of(List.of()).read(request("https://a.example/")))
        .hasMessage("webhook is not accepted: this system has no MEZZOTINT_WEBHOOK_HOSTS");
    assertThatThrownBy(() -> WebhookHosts.of(List.of("https://a.example/")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("must list hosts");
  }

  @Test
  void read_refusesAnAddressThatIsTooLong() {
    String address = "https://hooks.example.com/" + "a".repeat(2_100);
    assertThatThrownBy(() -> HOSTS.read(request(address))).hasMessageContaining("2048 characters");
  }
}

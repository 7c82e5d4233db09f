package dev.mezzotint.job;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The hosts that webhooks may be sent to. A request chooses the address, and the system that calls
 * it may reach more than the author of the request can: so only listed hosts are called.
 *
 * @param any whether the list is unknown, as where a client checks a request before it sends it
 * @param hosts names or addresses, each for the usual ports of http and https, or with a port of
 *     its own; in lower case
 */
public record WebhookHosts(boolean any, List<String> hosts) {
  /** Of a client, which does not know the list of the system. */
  public static final WebhookHosts ANY = new WebhookHosts(true, List.of());

  public static final String FIELD = "webhook";

  private static final int ADDRESS_CHARS_MAX = 2_048;
  private static final String HOST = "[A-Za-z0-9.-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}\\]";
  private static final String PORT = "[0-9]{1,5}";
  private static final int PORT_MAX = 65_535;
  private static final Pattern LISTED = Pattern.compile("(" + HOST + ")(:" + PORT + ")?");

  private static final String CHARS = "[A-Za-z0-9._~:/?@!$&'()*+,;=-]*";

  /** As in the schemas of requests; a loop over single characters would need a deep stack. */
  private static final Pattern ADDRESS =
      Pattern.compile(
          "https?://("
              + HOST
              + ")(:"
              + PORT
              + ")?(/"
              + CHARS
              + "(%[0-9A-Fa-f]{2}"
              + CHARS
              + ")*)?");

  /**
   * @throws InvalidInputException for an entry that is not a host
   */
  public WebhookHosts {
    hosts = hosts.stream().map(host -> host.strip().toLowerCase(Locale.ROOT)).toList();
    for (String host : hosts) {
      if (!LISTED.matcher(host).matches()) {
        throw new InvalidInputException(
            "webhook-hosts", "must list hosts such as hooks.example.com or 10.0.0.7:8443: " + host);
      }
    }
  }

  public static WebhookHosts of(List<String> hosts) {
    return new WebhookHosts(false, hosts);
  }

  /**
   * Reads the webhook of a request; empty if it has none.
   *
   * @throws InvalidInputException if it is not an address, or its host is not listed
   */
  public Optional<URI> read(JsonObject json) {
    Optional<String> text = json.string(FIELD);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    URI address =
        parse(text.get())
            .orElseThrow(
                () ->
                    json.refuse(
                        FIELD,
                        "must be an http or https address of at most "
                            + ADDRESS_CHARS_MAX
                            + " characters, without a login or a fragment, not "
                            + JsonObject.quote(text.get())));
    if (!allows(address)) {
      throw json.refuse(
          FIELD,
          hosts.isEmpty()
              ? "is not accepted: this system has no MEZZOTINT_WEBHOOK_HOSTS"
              : "must be at a host that MEZZOTINT_WEBHOOK_HOSTS lists, not "
                  + address.getAuthority());
    }
    return Optional.of(address);
  }

  /** Reads an address; empty for a text that is not one. */
  public static Optional<URI> parse(String text) {
    Matcher address = ADDRESS.matcher(text);
    if (text.length() > ADDRESS_CHARS_MAX || !address.matches()) {
      return Optional.empty();
    }
    try {
      URI uri = new URI(text);
      return uri.getHost() == null || uri.getPort() > PORT_MAX || uri.getPort() == 0
          ? Optional.empty()
          : Optional.of(uri);
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }

  public boolean allows(URI address) {
    String host = address.getHost().toLowerCase(Locale.ROOT);
    int usual = address.getScheme().equals("https") ? 443 : 80;
    int port = address.getPort() < 0 ? usual : address.getPort();
    return any || (port == usual && hosts.contains(host)) || hosts.contains(host + ":" + port);
  }
}

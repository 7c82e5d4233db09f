package dev.mezzotint.http;

import dev.mezzotint.job.WebhookHosts;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Who may call the front, and what calls may ask for.
 *
 * @param loopback HTTP listens on this machine only
 * @param names host names besides {@code localhost} by which it is called, in lower case
 * @param token that calls must send; empty for none
 * @param uploadBytesMax size of an upload; 0 if uploads are off
 * @param webhooks hosts that requests may name for their webhooks
 */
public record HttpSettings(
    boolean loopback,
    List<String> names,
    Optional<String> token,
    long uploadBytesMax,
    WebhookHosts webhooks) {
  /** A shorter token can be guessed. */
  public static final int TOKEN_CHARS_MIN = 16;

  private static final long UPLOAD_BYTES_MAX = 1_024_000_000;

  /** On this machine, for all its users. */
  public static final HttpSettings LOCAL = new HttpSettings(true, List.of(), Optional.empty());

  public HttpSettings {
    names = names.stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
    if (!loopback && token.isEmpty()) {
      throw new IllegalArgumentException("a front that other machines can reach needs a token");
    }
  }

  public HttpSettings(boolean loopback, List<String> names, Optional<String> token) {
    this(loopback, names, token, UPLOAD_BYTES_MAX, WebhookHosts.of(List.of()));
  }

  public HttpSettings withWebhooks(WebhookHosts hosts) {
    return new HttpSettings(loopback, names, token, uploadBytesMax, hosts);
  }

  /** Leaves out the token: settings are written to messages. */
  @Override
  public String toString() {
    return "HttpSettings[loopback " + loopback + ", names " + names + "]";
  }
}

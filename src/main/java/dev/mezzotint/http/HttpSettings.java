package dev.mezzotint.http;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Who may call the front.
 *
 * @param loopback HTTP listens on this machine only
 * @param names host names besides {@code localhost} by which it is called, in lower case
 * @param token that calls must send; empty for none
 */
public record HttpSettings(boolean loopback, List<String> names, Optional<String> token) {
  /** A shorter token can be guessed. */
  public static final int TOKEN_CHARS_MIN = 16;

  /** On this machine, for all its users. */
  public static final HttpSettings LOCAL = new HttpSettings(true, List.of(), Optional.empty());

  public HttpSettings {
    names = names.stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
    if (!loopback && token.isEmpty()) {
      throw new IllegalArgumentException("a front that other machines can reach needs a token");
    }
  }

  /** Leaves out the token: settings are written to messages. */
  @Override
  public String toString() {
    return "HttpSettings[loopback " + loopback + ", names " + names + "]";
  }
}

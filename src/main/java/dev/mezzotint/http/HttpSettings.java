package dev.mezzotint.http;

import java.util.List;
import java.util.Optional;

/**
 * How the front may be reached.
 *
 * @param loopback it listens on this machine only
 * @param names host names beside {@code localhost} by which it is called
 * @param token that calls must bring; empty for none
 */
public record HttpSettings(boolean loopback, List<String> names, Optional<String> token) {
  /** So short a token can be guessed. */
  public static final int TOKEN_CHARS_MIN = 16;

  /** On this machine, for everybody who is on it. */
  public static final HttpSettings LOCAL = new HttpSettings(true, List.of(), Optional.empty());

  public HttpSettings {
    names = List.copyOf(names);
    if (!loopback && token.isEmpty()) {
      throw new IllegalArgumentException("a front beyond this machine needs a token");
    }
  }

  /** Without the token: settings end up in messages. */
  @Override
  public String toString() {
    return "FrontSettings[loopback " + loopback + ", names " + names + "]";
  }
}

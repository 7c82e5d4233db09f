package dev.mezzotint.worker;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;

/**
 * Asks the worker of this container whether it is live: the image's health check, which has no
 * other program to ask with. Uses nothing but Java's own classes, so that it starts in a moment.
 */
public final class HealthProbe {
  private static final int LIMIT_MILLIS = 5_000;
  private static final int OK = 200;

  private HealthProbe() {}

  /** Ends with 0 if the worker is live, otherwise with 1. */
  public static void main(String[] args) {
    System.exit(live(System.getenv().getOrDefault("MEZZOTINT_HTTP_PORT", "8080")) ? 0 : 1);
  }

  public static boolean live(String port) {
    try {
      HttpURLConnection asked =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:" + port + "/q/health/live").toURL().openConnection();
      asked.setConnectTimeout(LIMIT_MILLIS);
      asked.setReadTimeout(LIMIT_MILLIS);
      return asked.getResponseCode() == OK;
    } catch (IOException | IllegalArgumentException e) {
      return false;
    }
  }
}

package dev.mezzotint.worker;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;

/**
 * The health check of the container image: asks the worker whether it is live. Uses only classes of
 * the JDK, so that it starts quickly.
 */
public final class HealthProbe {
  private static final int LIMIT_MILLIS = 5_000;
  private static final int OK = 200;

  private HealthProbe() {}

  /** Exits with 0 if the worker is live, otherwise with 1. */
  public static void main(String[] args) {
    System.exit(live(System.getenv().getOrDefault("MEZZOTINT_HTTP_PORT", "8080")) ? 0 : 1);
  }

  public static boolean live(String port) {
    try {
      HttpURLConnection asked =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:" + port + "/q/health/live")
                  .toURL()
                  .openConnection(Proxy.NO_PROXY);
      asked.setConnectTimeout(LIMIT_MILLIS);
      asked.setReadTimeout(LIMIT_MILLIS);
      return asked.getResponseCode() == OK;
    } catch (IOException | IllegalArgumentException e) {
      return false;
    }
  }
}

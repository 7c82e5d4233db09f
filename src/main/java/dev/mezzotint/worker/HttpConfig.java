package dev.mezzotint.worker;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What is configured of the HTTP front and the page.
 *
 * @param page {@code mezzotint.page}: {@code on}, {@code off}, or {@code auto}, which is on where
 *     HTTP listens on this machine only
 * @param host {@code quarkus.http.host}: where HTTP listens
 * @param names {@code mezzotint.http-names}: host names that it is called by, with commas
 * @param token {@code mezzotint.http-token}: what callers must know
 * @param tokenFile {@code mezzotint.http-token-file}: the file that it stands in
 */
record HttpConfig(
    String page,
    String host,
    List<String> names,
    Optional<String> token,
    Optional<Path> tokenFile) {

  boolean loopback() {
    return host.equals("localhost")
        || host.startsWith("127.")
        || host.equals("::1")
        || host.equals("[::1]");
  }

  boolean on() {
    return page.equals("on") || (page.equals("auto") && loopback());
  }

  /** Without the token: settings end up in messages. */
  @Override
  public String toString() {
    return "FrontSwitches[" + page + ", " + host + ", " + names + "]";
  }
}

package dev.mezzotint.worker;

import io.smallrye.config.WithConverter;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithName;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Settings of the HTTP API and the page. */
interface HttpConfig {
  /** When the HTTP API and the page are served. */
  enum Page {
    /** Where HTTP listens on this machine only. */
    AUTO,
    ON,
    OFF
  }

  @Setting("[page and HTTP API](http.md); `auto` is on if HTTP listens on this machine only")
  @WithDefault("auto")
  Page page();

  /** The value of {@code quarkus.http.host}, which {@code mezzotint.http-host} sets. */
  @Setting(
      "address of health checks (`/q/health`), metrics (`/q/metrics`) and, with role `control`, of"
          + " the page and the HTTP API")
  @WithName("http-host")
  @WithDefault("127.0.0.1")
  String host();

  @Setting(value = "port of the same; 0 for any free port", max = 65_535)
  @WithName("http-port")
  @WithDefault("8080")
  int port();

  @Setting(
      value =
          "comma-separated host names by which the HTTP API is called; addresses and `localhost`"
              + " need not be listed",
      shown = "none")
  @WithName("http-names")
  Optional<List<String>> names();

  @Setting(
      value =
          "token that callers of the HTTP API must send, 16 characters or more; required unless"
              + " HTTP listens on this machine only",
      shown = "none")
  @WithName("http-token")
  Optional<String> token();

  @Setting(value = "file that holds the token", shown = "none")
  @WithName("http-token-file")
  Optional<Path> tokenFile();

  @Setting(
      value =
          "largest file that `PUT /api/uploads/KEY` accepts, in MB; 0 turns uploads off. Up to four"
              + " at once are held in the folder for temporary files",
      max = 100_000)
  @WithName("upload-megabytes")
  @WithDefault("1024")
  @WithConverter(ConfigReader.ToBytes.class)
  long uploadBytes();

  /** Whether HTTP listens on this machine only. */
  default boolean loopback() {
    return host().equals("localhost")
        || host().startsWith("127.")
        || host().equals("::1")
        || host().equals("[::1]");
  }

  default boolean on() {
    return page() == Page.ON || (page() == Page.AUTO && loopback());
  }
}

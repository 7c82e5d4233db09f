package dev.mezzotint.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.json.JsonObject;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/**
 * Access control for HTTP requests. A browser on this machine that shows another site's page can
 * reach a loopback port: so the {@code Host} must be a name of this server (or another name could
 * be pointed here), calls from other origins are refused, and calls that change anything must be
 * JSON, or a PUT, which no page can send elsewhere without a preflight request.
 *
 * <p>Runs before the body of a call is read.
 */
@Singleton
public final class AccessFilter {
  private static final Pattern ADDRESS = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}|\\[.*\\]");
  private static final Set<String> SAME_SITE = Set.of("same-origin", "none");

  private final RunningFront front;

  AccessFilter(RunningFront front) {
    this.front = front;
  }

  /** Without the front there is no page for its API either, which is not one of the resources. */
  void register(@Observes Filters filters) {
    filters.register(
        call -> {
          if (call.normalizedPath().startsWith("/q/swagger-ui") && front.isOff()) {
            call.response().setStatusCode(404).end();
          } else {
            call.next();
          }
        },
        /* priority= */ 90);
  }

  /** Returns why a call is refused; empty if it is not. */
  @ServerRequestFilter(preMatching = true)
  public Optional<Response> refuse(RoutingContext call) {
    HttpServerRequest request = call.request();
    String path = call.normalizedPath();
    Optional<Instant> starting = front.startingSince();
    if (starting.isPresent()
        && path.equals("/")
        && header(request.headers(), HttpHeaders.ACCEPT, "").contains(MediaType.TEXT_HTML)) {
      return Optional.of(PageResource.starting(starting.get()));
    }
    HttpSettings settings = front.get().settings();
    String host =
        request.authority() == null ? "" : request.authority().toString(); // also of HTTP/2
    if (!known(host, settings)) {
      return refusal(
          403,
          "Host",
          "Host "
              + JsonObject.quote(host)
              + " is not a name of this server: use localhost or an address, or list the name in"
              + " MEZZOTINT_HTTP_NAMES");
    }
    // The page is the same for everybody, and asks for the token itself.
    return path.equals("/api") || path.startsWith("/api/")
        ? refuse(request, host, settings)
        : Optional.empty();
  }

  private static Optional<Response> refuse(
      HttpServerRequest request, String host, HttpSettings settings) {
    MultiMap headers = request.headers();
    String origin = headers.get("Origin");
    if ((origin != null && foreign(origin, host, settings))
        || !SAME_SITE.contains(header(headers, "Sec-Fetch-Site", "none"))) {
      return refusal(
          403,
          "Origin",
          "calls from pages of another origin are not answered: Host is "
              + JsonObject.quote(host)
              + "; a proxy must pass on the Host of its callers, and MEZZOTINT_HTTP_NAMES must list"
              + " it");
    }
    if (!authorized(header(headers, HttpHeaders.AUTHORIZATION, ""), settings)) {
      return Optional.of(
          RefusedException.answer(
                  401,
                  "Authorization",
                  "Authorization must be 'Bearer ' and the token of this server")
              .header(HttpHeaders.WWW_AUTHENTICATE, "Bearer")
              .build());
    }
    for (String name : request.params().names()) {
      if (request.params().getAll(name).size() > 1) {
        return refusal(400, name, name + " must not be given more than once");
      }
    }
    return Optional.empty();
  }

  /**
   * Returns why a call is refused that a resource would answer, so that a wrong method is reported
   * first; empty if it is not. A POST without a body needs no type: {@code Origin} protects it.
   */
  @ServerRequestFilter
  public Optional<Response> refuseBody(RoutingContext call) {
    HttpServerRequest request = call.request();
    if (!request.method().equals(HttpMethod.POST)) {
      return Optional.empty();
    }
    MultiMap headers = request.headers();
    boolean empty =
        !headers.contains(HttpHeaders.CONTENT_TYPE)
            && !headers.contains("Transfer-Encoding")
            && header(headers, HttpHeaders.CONTENT_LENGTH, "0").equals("0");
    return empty || json(header(headers, HttpHeaders.CONTENT_TYPE, ""))
        ? Optional.empty()
        : refusal(415, "Content-Type", "Content-Type must be application/json");
  }

  /** Accepts a listed name also where a proxy has replaced the Host by this server's address. */
  private static boolean foreign(String origin, String host, HttpSettings settings) {
    String from = origin.replaceFirst("^https?://", "");
    boolean replaced = !settings.names().contains(name(host));
    return !from.equals(host) && !(replaced && settings.names().contains(name(from)));
  }

  private static boolean authorized(String said, HttpSettings settings) {
    // The time that the comparison takes depends on the length of what was sent only.
    return settings.token().isEmpty()
        || (said.regionMatches(/* ignoreCase= */ true, 0, "Bearer ", 0, 7)
            && MessageDigest.isEqual(
                said.substring(7).strip().getBytes(UTF_8), settings.token().get().getBytes(UTF_8)));
  }

  private static boolean known(String host, HttpSettings settings) {
    String name = name(host);
    if (name.equals("localhost") || name.equals("[::1]") || name.startsWith("127.")) {
      return !name.startsWith("127.") || ADDRESS.matcher(name).matches();
    }
    // An address cannot be pointed elsewhere, a name can.
    return settings.names().contains(name)
        || (!settings.loopback() && ADDRESS.matcher(name).matches());
  }

  private static String name(String host) {
    return host.replaceFirst(":[0-9]{1,5}$", "").toLowerCase(Locale.ROOT);
  }

  private static boolean json(String type) {
    return type.split(";", 2)[0].strip().equalsIgnoreCase(MediaType.APPLICATION_JSON);
  }

  private static String header(MultiMap headers, String name, String otherwise) {
    String value = headers.get(name);
    return value == null || value.isBlank() ? otherwise : value.strip();
  }

  private static Optional<Response> refusal(int status, String field, String message) {
    return Optional.of(RefusedException.answer(status, field, message).build());
  }
}

package dev.mezzotint.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.json.JsonObject;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Who may come in. A browser on this machine that shows somebody else's page can reach a loopback
 * port: so the {@code Host} must be a name of ours (or another name could be pointed here), a call
 * from another origin is refused, and what changes anything must say JSON, which no form can
 * without being asked first.
 *
 * <p>Immutable, safe for use by many threads.
 */
final class AccessFilter {
  private static final Pattern ADDRESS = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}|\\[.*\\]");
  private static final Set<String> SAME = Set.of("same-origin", "none");

  private final boolean loopback;
  private final List<String> names;
  private final Optional<byte[]> token;

  AccessFilter(HttpSettings settings) {
    this.loopback = settings.loopback();
    this.names = settings.names().stream().map(n -> n.toLowerCase(Locale.ROOT)).toList();
    this.token = settings.token().map(AccessFilter::digest);
  }

  /** Why a call for what is the same for everybody is not let in; empty if it is. */
  Optional<HttpResponse> refuseHost(HttpRequest call) {
    String host = call.header("host").orElse("");
    if (!known(host)) {
      return refused(
          403,
          "Host",
          "Host "
              + JsonObject.quote(host)
              + " is not a name of this server: use localhost or an address, or list the name in"
              + " MEZZOTINT_HTTP_NAMES");
    }
    return Optional.empty();
  }

  /** Why a call that shows or changes jobs is not let in; empty if it is. */
  Optional<HttpResponse> refuse(HttpRequest call) {
    Optional<HttpResponse> refused = refuseHost(call).or(() -> refuseForeign(call));
    return refused.isPresent() || token.isEmpty() ? refused : refuseUnauthorized(call);
  }

  private static Optional<HttpResponse> refuseForeign(HttpRequest call) {
    String host = call.header("host").orElse("");
    Optional<String> origin = call.header("origin");
    boolean foreign =
        origin.isPresent() && !origin.get().replaceFirst("^https?://", "").equals(host);
    if (foreign || !SAME.contains(call.header("sec-fetch-site").orElse("none"))) {
      return refused(403, "Origin", "calls from pages of another origin are not answered");
    }
    if (call.changes() && !json(call.header("content-type").orElse(""))) {
      return refused(415, "Content-Type", "Content-Type must be application/json");
    }
    return Optional.empty();
  }

  private Optional<HttpResponse> refuseUnauthorized(HttpRequest call) {
    String said = call.header("authorization").orElse("");
    boolean bearer = said.regionMatches(/* ignoreCase= */ true, 0, "Bearer ", 0, 7);
    // Digests have one length, so the comparison tells nothing of the token, not even its length.
    if (bearer && MessageDigest.isEqual(digest(said.substring(7).strip()), token.orElseThrow())) {
      return Optional.empty();
    }
    return refused(
            401, "Authorization", "Authorization must be 'Bearer ' and the token of this server")
        .map(answer -> answer.with("WWW-Authenticate", "Bearer"));
  }

  private boolean known(String host) {
    String name = host.replaceFirst(":[0-9]{1,5}$", "").toLowerCase(Locale.ROOT);
    if (name.equals("localhost") || name.equals("[::1]") || name.startsWith("127.")) {
      return !name.startsWith("127.") || ADDRESS.matcher(name).matches();
    }
    // An address cannot be pointed elsewhere, a name can.
    return names.contains(name) || (!loopback && ADDRESS.matcher(name).matches());
  }

  private static boolean json(String type) {
    return type.split(";", 2)[0].strip().equalsIgnoreCase(HttpResponse.JSON);
  }

  private static Optional<HttpResponse> refused(int status, String field, String message) {
    return Optional.of(HttpResponse.refusal(status, field, message));
  }

  private static byte[] digest(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  /** What every answer says to browsers: nothing from outside, nowhere inside another page. */
  static final Map<String, String> HEADERS =
      Map.of(
          "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:;"
              + " connect-src 'self'; base-uri 'none'; form-action 'none';"
              + " frame-ancestors 'none'",
          "X-Content-Type-Options",
          "nosniff",
          "X-Frame-Options",
          "DENY",
          "Referrer-Policy",
          "no-referrer",
          "Cross-Origin-Resource-Policy",
          "same-origin",
          "Cross-Origin-Opener-Policy",
          "same-origin");
}

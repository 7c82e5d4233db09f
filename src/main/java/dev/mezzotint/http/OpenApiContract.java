package dev.mezzotint.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import io.quarkus.smallrye.openapi.OpenApiFilter;
import io.smallrye.openapi.api.SmallRyeOpenAPI;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.Operation;
import org.eclipse.microprofile.openapi.models.media.Schema;

/**
 * Completes the generated OpenAPI document during the build: the requests are those of the
 * messages' JSON schemas, and all operations can answer with the refusals of the filters.
 */
@OpenApiFilter(OpenApiFilter.RunStage.BUILD)
public final class OpenApiContract implements OASFilter {
  private static final String REFERENCE = "#/components/schemas/";

  @Override
  public void filterOpenAPI(OpenAPI document) {
    request("GenerationRequest", "generation-request").forEach(document.getComponents()::addSchema);
    request("TrainingRequest", "training-request").forEach(document.getComponents()::addSchema);
    document
        .getComponents()
        .addSchema(
            "JobRequest",
            OASFactory.createSchema()
                .addOneOf(OASFactory.createSchema().ref(REFERENCE + "GenerationRequest"))
                .addOneOf(OASFactory.createSchema().ref(REFERENCE + "TrainingRequest")));
    document
        .addSecurityRequirement(OASFactory.createSecurityRequirement())
        .addSecurityRequirement(OASFactory.createSecurityRequirement().addScheme("token"));
    document
        .getPaths()
        .getPathItems()
        .forEach(
            (path, item) ->
                item.getOperations()
                    .forEach((method, operation) -> refusals(path, method.name(), operation)));
  }

  /** A message's schema and its definitions, by their names in the document. */
  private static Map<String, Schema> request(String name, String file) {
    Map<String, Object> schema;
    try (InputStream in =
        Objects.requireNonNull(
            OpenApiContract.class.getResourceAsStream("/schema/" + file + ".schema.json"))) {
      schema = new LinkedHashMap<>(JsonObject.parse(in.readAllBytes()).toMap());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<Object> required =
        new ArrayList<>((List<?>) Objects.requireNonNull(schema.get("required")));
    required.remove("id"); // the front gives one
    schema.put("required", required);
    schema.remove("$schema");
    schema.remove("$id");
    Map<String, Object> schemas = new LinkedHashMap<>();
    if (schema.remove("$defs") instanceof Map<?, ?> definitions) {
      definitions.forEach((key, value) -> schemas.put(name + "." + key, value));
    }
    schemas.put(name, schema);
    Map<String, Object> document =
        Map.of(
            "openapi", "3.1.0",
            "info", Map.of("title", name, "version", "1"),
            "paths", Map.of(),
            "components", Map.of("schemas", schemas));
    String text =
        new String(JsonText.write(document), UTF_8).replace("#/$defs/", REFERENCE + name + ".");
    return SmallRyeOpenAPI.builder()
        .withCustomStaticFile(() -> new ByteArrayInputStream(text.getBytes(UTF_8)))
        .enableModelReader(false)
        .enableStandardFilter(false)
        .enableStandardStaticFiles(false)
        .enableAnnotationScan(false)
        .build()
        .model()
        .getComponents()
        .getSchemas();
  }

  private static void refusals(String path, String method, Operation operation) {
    Map<String, String> refusals = new LinkedHashMap<>();
    if (path.equals("/api/jobs")
        || path.endsWith("/results")
        || path.contains("/uploads/")
        || path.contains("/conditions/")) {
      refusals.put("400", "A field is invalid");
    }
    refusals.put("401", "The token is missing or wrong");
    refusals.put("403", "Host or Origin is not allowed");
    if (path.contains("{")) {
      refusals.put("404", "There is no such job or file");
    }
    if (method.equals("POST")) {
      refusals.put("409", "The id is another request's, or the job has ended");
      refusals.put("415", "Content-Type is not application/json");
    }
    if (path.endsWith("{name}")
        || method.equals("PUT")
        || path.endsWith("/archive")
        || (path.equals("/api/jobs") && method.equals("POST"))) {
      refusals.put("413", "Too large");
    }
    refusals.put("503", "Try again later: broker or store do not answer, or too many calls");
    refusals.forEach(
        (status, description) ->
            operation
                .getResponses()
                .addAPIResponse(
                    status,
                    OASFactory.createAPIResponse()
                        .description(description)
                        .content(
                            OASFactory.createContent()
                                .addMediaType(
                                    RefusedException.PROBLEM,
                                    OASFactory.createMediaType()
                                        .schema(
                                            OASFactory.createSchema()
                                                .ref(REFERENCE + "Refusal"))))));
  }
}

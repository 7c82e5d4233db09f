package dev.mezzotint.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.NetworkConfig;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Models, and links to objects of the store. Safe for use by many threads. */
public interface ModelCatalog {

  /**
   * A model that requests may name, as the front shows it.
   *
   * @param published when it was published; null for a bundled one
   * @param height null for a model of any size
   * @param classes null for a model without classes
   * @param samples whether there is an image of what it draws
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Model(
      String name,
      String version,
      String reference,
      boolean bundled,
      boolean newest,
      @Nullable String published,
      int channels,
      @Nullable Integer height,
      @Nullable Integer width,
      @Nullable Integer classes,
      List<String> classNames,
      boolean guided,
      List<Part> condition,
      @Nullable Integer steps,
      @Nullable String sampler,
      List<Integer> tuned,
      String p0,
      String data,
      String licence,
      boolean samples) {

    /**
     * Shows a model.
     *
     * @param published null for a bundled one
     */
    public static Model of(
        String name,
        String version,
        NetworkConfig config,
        ModelCard card,
        boolean newest,
        @Nullable String published,
        boolean samples) {
      Integer height = config.sampleSize().stream().boxed().findFirst().orElse(null);
      return new Model(
          name,
          version,
          name + "@" + version,
          published == null,
          newest,
          published,
          config.outChannels(),
          height,
          height == null ? null : Integer.valueOf(config.sampleWidth().orElse(height)),
          config.numClassEmbeds().stream().boxed().findFirst().orElse(null),
          card.classes(),
          card.nullClass().isPresent(),
          card.condition().stream().map(Part::of).toList(),
          card.steps().stream().boxed().findFirst().orElse(null),
          card.sampler().orElse(null),
          card.tuned().stream().map(ModelCard.TunedSteps::steps).toList(),
          card.p0(),
          card.data(),
          card.licence(),
          samples);
    }
  }

  record Part(String name, String kind, int channels, boolean optional) {
    private static Part of(ConditionPart part) {
      return new Part(part.name(), part.kind().wireName(), part.channels(), part.optional());
    }
  }

  /** Returns the bundled models and those in the store, as far as their cards can be read. */
  List<Model> models();

  /**
   * Checks what a request demands of its model, as the worker that takes it does.
   *
   * @throws dev.mezzotint.json.InvalidInputException if there is no such model, or it does not take
   *     the request's class
   * @throws dev.mezzotint.job.TransientException if the store does not answer
   */
  void check(GenerationRequest request);

  /**
   * Reads the image of what a model draws.
   *
   * @param reference {@code name@version}
   */
  Optional<byte[]> samples(String reference);

  /** Returns a link with which anybody can read this object for some time. */
  String link(String key, Duration validity);
}

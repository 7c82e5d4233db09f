package dev.mezzotint.observability;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.ToDoubleFunction;

/**
 * Registers meters of one object, which is read at each scrape.
 *
 * @param prefix of the meters' names, with its last dot
 */
public record Meters<T>(MeterRegistry registry, String prefix, T of) {
  /**
   * @param tags keys and values alternately
   */
  public void gauge(String name, String description, ToDoubleFunction<T> value, String... tags) {
    Gauge.builder(prefix + name, of, value).description(description).tags(tags).register(registry);
  }

  /**
   * @param tags keys and values alternately
   */
  public void counter(String name, String description, ToDoubleFunction<T> value, String... tags) {
    FunctionCounter.builder(prefix + name, of, value)
        .description(description)
        .tags(tags)
        .register(registry);
  }
}

package dev.mezzotint.worker;

import dev.mezzotint.job.WebhookHosts;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.Suggestions;
import dev.mezzotint.network.Engine;
import dev.mezzotint.network.Precision;
import dev.mezzotint.storage.InputRule;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithName;
import io.smallrye.config.WithParentName;
import io.smallrye.config.common.utils.StringUtil;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.spi.ConfigSource;
import org.eclipse.microprofile.config.spi.Converter;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@link WorkerConfig}: refuses unknown names, checks each value against its {@link Setting},
 * and computes the defaults that depend on other settings. SmallRye's mapping would do the first
 * only for some sources and would name neither the environment variable nor the range.
 */
public final class ConfigReader {
  private static final String PREFIX = "mezzotint.";

  /** Read by others: a flag of the command line, and those of the tests. */
  private static final String ELSEWHERE = "mezzotint\\.(stacktrace|package|test\\..*)";

  /** Variables that Kubernetes sets for a service whose name begins with "mezzotint". */
  private static final String SERVICE_LINK =
      ".*_SERVICE_(HOST|PORT).*|.*_PORT_\\d+_(TCP|UDP).*|.*_PORT=(tcp|udp):.*";

  /** More edits than this are another word. */
  private static final int EDITS_MAX = 8;

  /** In names with other owners, such as {@code S3_*}, only these are taken for a mistake. */
  private static final int EDITS_OF_A_SLIP = 2;

  private ConfigReader() {}

  /**
   * A setting as the interfaces declare it.
   *
   * @param key in the mapping, {@code mezzotint.s3.bucket}
   * @param type of one value, without {@code Optional} or {@code Set}
   * @param many whether it is a list with commas
   */
  record Declaration(
      String key, Setting setting, Class<?> type, boolean many, Optional<String> constant) {

    /** The name as a property: {@code s3.bucket}. */
    String property() {
      return key.startsWith("mezzotint.s3.") || key.startsWith("mezzotint.kafka.")
          ? key.substring(PREFIX.length())
          : key;
    }

    String variable() {
      return environmentVariable(property());
    }

    /** The words to choose from; empty for free text and numbers. */
    List<String> words() {
      if (type == boolean.class) {
        return List.of("true", "false");
      }
      return type.isEnum() && setting.words().length == 0
          ? Arrays.stream(type.getEnumConstants())
              .map(one -> ((Enum<?>) one).name().toLowerCase(Locale.ROOT).replace('_', '-'))
              .toList()
          : List.of(setting.words());
    }

    /** What a value must be; empty where any text will do. */
    String expectation() {
      if (!words().isEmpty()) {
        String words = String.join(", ", words());
        return many ? "some of " + words + " with commas between them" : "one of " + words;
      }
      if (setting.max() > 0) {
        return (type == double.class ? "a number of seconds" : "an integer") + " from " + range();
      }
      return type == URI.class ? "a URL with http or https" : "";
    }

    String range() {
      return number(setting.min()) + " to " + number(setting.max());
    }

    private static String number(double value) {
      return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }

    private boolean accepts(String text) {
      if (!words().isEmpty()) {
        return many
            ? Arrays.stream(text.split(",", -1)).map(String::strip).allMatch(words()::contains)
            : words().contains(text);
      }
      try {
        if (setting.max() > 0) {
          double value =
              type == double.class ? Double.parseDouble(text) : (double) Integer.parseInt(text);
          return value >= setting.min() && value <= setting.max();
        }
        return type != URI.class || URI.create(text).toURL().getProtocol().startsWith("http");
      } catch (IllegalArgumentException | IOException e) {
        return false;
      }
    }

    private String checked(String text) {
      if (type == InputRule.class || type == WebhookHosts.class) {
        try {
          (type == InputRule.class ? new ToInputRule() : new ToWebhookHosts()).convert(text);
        } catch (InvalidInputException e) {
          throw new InvalidInputException(property(), variable() + ": " + e.getMessage(), e);
        }
      } else if (!accepts(text)) {
        throw new InvalidInputException(
            property(), variable() + " must be " + expectation() + ", not " + text + hint(text));
      }
      return text;
    }

    /** For the words that version 0.1 replaces. */
    private static String hint(String text) {
      return switch (text) {
        case "needed" -> "; write required";
        case "unneeded" -> "; write optional";
        default -> "";
      };
    }
  }

  /** All settings, in the order of their environment variables. */
  static List<Declaration> declarations() {
    return declarations(WorkerConfig.class, "mezzotint")
        .sorted(Comparator.comparing(Declaration::variable))
        .toList();
  }

  private static Stream<Declaration> declarations(Class<?> group, String path) {
    return Arrays.stream(group.getDeclaredMethods())
        .flatMap(
            method -> {
              String key = key(method, path);
              Setting setting = method.getAnnotation(Setting.class);
              if (setting != null) {
                return Stream.of(declaration(key, method, setting));
              }
              Class<?> type = method.getReturnType();
              return type.isInterface()
                      && type.getPackage() == WorkerConfig.class.getPackage()
                      && type != group
                  ? declarations(type, key)
                  : Stream.of();
            });
  }

  private static String key(Method method, String path) {
    if (method.isAnnotationPresent(WithParentName.class)) {
      return path;
    }
    WithName name = method.getAnnotation(WithName.class);
    return path + "." + (name == null ? StringUtil.skewer(method.getName()) : name.value());
  }

  private static Declaration declaration(String key, Method method, Setting setting) {
    Class<?> type = method.getReturnType();
    if (method.getGenericReturnType() instanceof ParameterizedType of
        && of.getActualTypeArguments()[0] instanceof Class<?> element) {
      type = element;
    }
    return new Declaration(
        key,
        setting,
        type,
        method.getReturnType() == Set.class,
        Optional.ofNullable(method.getAnnotation(WithDefault.class)).map(WithDefault::value));
  }

  static WorkerConfig read(Config config) {
    List<Declaration> all = declarations();
    refuseUnknownNames(config, all);
    Map<String, String> values = new HashMap<>();
    for (Declaration one : all) {
      text(config, one.property()).map(one::checked).ifPresent(text -> values.put(one.key(), text));
      if (one.type() == Duration.class) {
        values.remove(one.key(), "0"); // no time at all means the default
      }
    }
    // What HTTP really listens on, which others of Quarkus' own settings may say.
    text(config, "quarkus.http.host").ifPresent(host -> values.put("mezzotint.http-host", host));
    checkStore(values);
    addDependentDefaults(values);
    kafkaProperties(config, values)
        .forEach((name, value) -> values.put("mezzotint.kafka-properties.\"" + name + "\"", value));
    return new SmallRyeConfigBuilder()
        .withMapping(WorkerConfig.class)
        .withConverter(Duration.class, 200, text -> Duration.ofSeconds(Long.parseLong(text)))
        .withSources(new PropertiesConfigSource(values, "checked", 100))
        .build()
        .getConfigMapping(WorkerConfig.class);
  }

  private static Optional<String> text(Config config, String property) {
    return config
        .getOptionalValue(property, String.class)
        .map(String::strip)
        .filter(text -> !text.isEmpty());
  }

  static String environmentVariable(String property) {
    return property.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
  }

  private static void refuseUnknownNames(Config config, List<Declaration> all) {
    Set<String> properties = all.stream().map(Declaration::property).collect(Collectors.toSet());
    Set<String> variables = all.stream().map(Declaration::variable).collect(Collectors.toSet());
    for (ConfigSource source : config.getConfigSources()) {
      for (String name : source.getPropertyNames()) {
        if (name.startsWith("MEZZOTINT_")
            && !(name + "=" + source.getValue(name)).matches(SERVICE_LINK)) {
          refuseUnknown(name, variables, EDITS_MAX, /* own= */ true);
        } else if (name.startsWith("S3_")) {
          refuseUnknown(name, variables, EDITS_OF_A_SLIP, /* own= */ false);
        } else if ((name.startsWith(PREFIX) || name.startsWith("s3."))
            && !name.matches(ELSEWHERE)
            && !(source instanceof EnvConfigSource)) { // has each variable as a property, too
          refuseUnknown(name, properties, EDITS_MAX, /* own= */ true);
        }
      }
    }
  }

  private static void refuseUnknown(String name, Set<String> known, int editsMax, boolean own) {
    if (known.contains(name)) {
      return;
    }
    // Half a name, or one with a prefix too many, is nearer than a similar one.
    ToIntFunction<String> distance =
        one ->
            own && (one.startsWith(name) || name.endsWith(one)) ? 0 : Suggestions.edits(name, one);
    Optional<String> nearest =
        known.stream()
            .filter(one -> distance.applyAsInt(one) <= editsMax)
            .min(Comparator.comparingInt(distance).thenComparing(one -> one));
    if (own || nearest.isPresent()) {
      throw new InvalidInputException(
          name,
          name
              + " is not a setting: "
              + nearest
                  .map(one -> "did you mean " + one + "?")
                  .orElse("docs/operations.md lists all of them"));
    }
  }

  private static void checkStore(Map<String, String> values) {
    if (!values.containsKey("mezzotint.s3.endpoint")) {
      return;
    }
    boolean file = values.containsKey("mezzotint.s3.access-key-file");
    if (file != values.containsKey("mezzotint.s3.secret-key-file")) {
      throw new InvalidInputException(
          "s3.access-key-file", "S3_ACCESS_KEY_FILE and S3_SECRET_KEY_FILE are given together");
    }
    for (String key : file ? List.<String>of() : List.of("s3.access-key", "s3.secret-key")) {
      if (!values.containsKey(PREFIX + key)) {
        String variable = environmentVariable(key);
        throw new InvalidInputException(
            key,
            "%1$s is missing: with S3_ENDPOINT, %1$s or %1$s_FILE is required".formatted(variable));
      }
    }
  }

  private static void addDependentDefaults(Map<String, String> values) {
    values.putIfAbsent("mezzotint.models", Installation.models().toString());
    values.putIfAbsent("mezzotint.worker", Installation.processName());
    // Passes of a GPU take the same time up to many rows, those of a CPU do not.
    boolean cpu = values.getOrDefault("mezzotint.device", "cpu").equals("cpu");
    values.putIfAbsent("mezzotint.pass-rows", cpu ? "16" : "64");
    // A row between two steps keeps its slot: twice as many slots let small jobs overtake large
    // ones.
    int passRows = Integer.parseInt(values.get("mezzotint.pass-rows"));
    values.putIfAbsent("mezzotint.slots", Integer.toString(2 * passRows));
    // Half as many as slots: requests have several images on average, and while one is being stored
    // another must be there. At most 32, since a share group takes 200 members.
    int slots = Integer.parseInt(values.get("mezzotint.slots"));
    values.putIfAbsent("mezzotint.lanes", Integer.toString(Math.max(8, Math.min(32, slots / 2))));
  }

  /** All {@code kafka.*} properties and {@code KAFKA_*} variables, for the clients as they are. */
  private static Map<String, String> kafkaProperties(Config config, Map<String, String> values) {
    Map<String, String> properties = new HashMap<>();
    System.getenv().entrySet().stream()
        .filter(variable -> variable.getKey().startsWith("KAFKA_"))
        .forEach(
            variable ->
                properties.put(
                    variable
                        .getKey()
                        .substring("KAFKA_".length())
                        .toLowerCase(Locale.ROOT)
                        .replace('_', '.'),
                    variable.getValue()));
    for (String name : config.getPropertyNames()) {
      if (name.startsWith("kafka.")) {
        text(config, name)
            .ifPresent(value -> properties.put(name.substring("kafka.".length()), value));
      }
    }
    properties.remove("bootstrap.servers");
    properties.remove("sasl.jaas.config.file");
    String file = values.get("mezzotint.kafka.sasl.jaas.config.file");
    if (file != null) {
      try {
        properties.put("sasl.jaas.config", Files.readString(Path.of(file)).strip());
      } catch (IOException e) {
        throw new InvalidInputException(
            "kafka.sasl.jaas.config.file",
            "KAFKA_SASL_JAAS_CONFIG_FILE " + file + " cannot be read",
            e);
      }
    }
    return properties;
  }

  /** From megabytes. */
  public static final class ToBytes implements Converter<Long> {
    @Override
    public Long convert(String megabytes) {
      return 1_000_000 * Long.parseLong(megabytes);
    }
  }

  /** From a word; none for {@code auto}. */
  public static final class ToEngine implements Converter<Engine> {
    @Override
    public @Nullable Engine convert(String word) {
      return Engine.of(word).orElse(null);
    }
  }

  /** From a word; none for {@code auto}. */
  public static final class ToPrecision implements Converter<Precision> {
    @Override
    public @Nullable Precision convert(String word) {
      return word.equals("auto") ? null : Precision.valueOf(word.toUpperCase(Locale.ROOT));
    }
  }

  /** From hosts with commas between them. */
  public static final class ToWebhookHosts implements Converter<WebhookHosts> {
    @Override
    public @Nullable WebhookHosts convert(String hosts) {
      return hosts.isEmpty() ? null : WebhookHosts.of(List.of(hosts.split(" *, *", -1)));
    }
  }

  /** From prefixes with commas between them. */
  public static final class ToInputRule implements Converter<InputRule> {
    @Override
    public @Nullable InputRule convert(String prefixes) {
      return prefixes.isEmpty() ? null : new InputRule(List.of(prefixes.split(" *, *", -1)));
    }
  }
}

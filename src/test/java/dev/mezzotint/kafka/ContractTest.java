package dev.mezzotint.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.client.DeadLetterReplay;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.EventContext;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonSchema;
import dev.mezzotint.json.JsonText;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code asyncapi.json} and the schemas of headers and control messages against the code. */
class ContractTest {
  private static final Map<String, Object> API = resource("/asyncapi.json");
  private static final Topics TOPICS = Topics.defaults();

  @Test
  void channels_areTheTopics() {
    Set<String> topics =
        new TreeSet<>(Set.of(TOPICS.control(), TOPICS.events(), TOPICS.deadLetters()));
    TOPICS.requests().forEach(requests -> topics.addAll(Topics.withPriorities(requests)));
    List<String> addresses =
        objects(API.get("channels")).values().stream().map(c -> (String) c.get("address")).toList();
    assertThat(addresses).containsExactlyInAnyOrderElementsOf(topics);
  }

  @Test
  void topics_areCreatedAsTheirChannelsDeclare() {
    Map<String, Map<String, Object>> byTopic = new HashMap<>();
    for (Map<String, Object> channel : objects(API.get("channels")).values()) {
      Map<String, Object> kafka = objects(channel.get("bindings")).get("kafka");
      assertThat(kafka).containsEntry("topic", channel.get("address"));
      byTopic.put((String) kafka.get("topic"), kafka);
    }
    for (var topic : KafkaCluster.topics(TOPICS)) {
      Map<String, Object> kafka = byTopic.get(topic.name());
      assertThat(kafka.get("partitions")).isEqualTo(topic.numPartitions());
      Map<String, String> configs = new HashMap<>();
      object(kafka.getOrDefault("topicConfiguration", Map.of()))
          .forEach(
              (name, value) ->
                  configs.put(
                      name,
                      value instanceof List<?> l ? (String) l.get(0) : String.valueOf(value)));
      assertThat(configs).isEqualTo(topic.configs());
    }
  }

  @Test
  void messagesOfTheEventTopic_areTheEventTypes() throws Exception {
    Set<Object> words = new TreeSet<>();
    for (Map<String, Object> message : messages("events")) {
      Map<String, Object> schema = resource("/" + schemaFile(message.get("payload")));
      words.add(object(object(schema.get("properties")).get("type")).get("const"));
    }
    assertThat(words)
        .isEqualTo(
            new TreeSet<>(Stream.of(JobEvent.Type.values()).map(t -> t.wireName()).toList()));
  }

  @ParameterizedTest
  @EnumSource(JobEvent.Type.class)
  void eventHeaders_areTheDeclaredOnes(JobEvent.Type type) throws Exception {
    JsonSchema schema = schema("event-headers");
    EventContext context =
        EventContext.check(request())
            .calling(Optional.of(URI.create("https://hooks.example.com/mezzotint")));
    assertThat(context.attributes()).containsOnlyKeys(EventContext.NAMES);
    try (KafkaEvents events = new KafkaEvents(KafkaSettings.of("127.0.0.1:1"), "s3://b/")) {
      Map<String, Object> data = Map.of("manifest", "jobs/a/manifest.json");
      JobEvent full = new JobEvent("e", type, "a", 1, 7, Instant.EPOCH, data).withContext(context);
      Map<String, String> written = headers(events.record(full, data));
      assertThat(schema.accepts(written)).as("%s", written).isTrue();
      assertThat(written.keySet()).isEqualTo(schema.properties());
      JobEvent bare = new JobEvent("e", type, "", 0, 0, Instant.EPOCH, Map.of());
      assertThat(schema.accepts(headers(events.record(bare, Map.of())))).isTrue();
      assertThat(headers(events.record(bare, Map.of())).keySet())
          .containsExactlyInAnyOrderElementsOf((Iterable<String>) strings(schema.required()));
    }
  }

  @Test
  void deadLetterHeaders_areTheDeclaredOnes() throws Exception {
    JsonSchema schema = schema("dead-letter-headers");
    assertThat(schema.properties()).containsExactlyInAnyOrderElementsOf(DeadLetters.HEADERS);
    try (KafkaEvents events = new KafkaEvents(KafkaSettings.of("127.0.0.1:1"), "")) {
      Map<String, String> written =
          headers(
              events.deadLetter(
                  request(),
                  new byte[0],
                  KafkaEvents.deadLetterHeaders(request(), "", 0, "", "c")));
      assertThat(schema.accepts(written)).as("%s", written).isTrue();
      Set<String> added = new TreeSet<>(written.keySet());
      added.retainAll(DeadLetters.HEADERS);
      assertThat(added).containsExactlyInAnyOrderElementsOf(strings(schema.required()));
      // What the request had stays.
      request().headers().forEach(h -> assertThat(written).containsKey(h.getKey()));
    }
  }

  @Test
  void requestHeaders_areThoseThatTheCodeReads() throws Exception {
    Set<String> declared = new TreeSet<>(schema("request-headers").properties());
    assertThat(declared.remove(DeadLetterReplay.REPLAYED_FROM)).isTrue();
    assertThat(declared.remove(Delivery.ORIGIN)).isTrue();
    assertThat(declared.remove("content-type")).isTrue();
    Set<String> read = new TreeSet<>();
    request().headers().forEach(header -> read.add(header.getKey()));
    assertThat(read).isEqualTo(declared);
    // Each of them changes something: the events' context, or whether the request is taken.
    for (String name : declared) {
      Delivery without = request(name, null);
      Delivery wrong = request(name, new byte[] {-1});
      boolean changes =
          !EventContext.of(without).equals(EventContext.of(request())) || refused(wrong);
      assertThat(changes).as(name).isTrue();
    }
  }

  @Test
  void controlMessages_areTheDeclaredOnes() throws Exception {
    for (String action : List.of("cancel", "pause", "resume", "stop")) {
      Map<String, Object> value =
          JsonObject.parse(JsonText.write(Map.of("action", action))).toMap();
      assertThat(schema("control-job").accepts(value)).isEqualTo(action.equals("cancel"));
      assertThat(schema("control-topic").accepts(value))
          .isEqualTo(action.equals("pause") || action.equals("resume"));
    }
  }

  @Test
  void references_resolve() {
    List<String> references = new ArrayList<>();
    walk(API, references);
    assertThat(references).hasSizeGreaterThan(40);
    for (String reference : references) {
      if (reference.startsWith("#/")) {
        assertThat(at(reference)).as(reference).isNotNull();
      } else {
        assertThat(ContractTest.class.getResource("/" + reference)).as(reference).isNotNull();
      }
    }
  }

  /** Structural rules of AsyncAPI 3.0 for the kinds of objects that the document uses. */
  @Test
  void document_hasTheStructureOfAsyncApi3() {
    only(API, "asyncapi info", "id defaultContentType channels operations components");
    assertThat(API).containsEntry("asyncapi", "3.0.0");
    only(object(API.get("info")), "title version", "description license");
    objects(API.get("channels"))
        .values()
        .forEach(
            channel -> {
              only(channel, "address messages", "description bindings");
              binding(channel, "topic partitions bindingVersion topicConfiguration");
              objects(channel.get("messages")).values().forEach(m -> only(m, "$ref", ""));
            });
    Set<Object> used = new TreeSet<>();
    for (Map<String, Object> operation : objects(API.get("operations")).values()) {
      only(operation, "action channel messages", "");
      assertThat(operation.get("action")).isIn("send", "receive");
      String channel = (String) object(operation.get("channel")).get("$ref");
      used.add(channel);
      for (Object message : (List<?>) operation.get("messages")) {
        // By the specification an operation's messages are its channel's, not the components'.
        assertThat((String) object(message).get("$ref")).startsWith(channel + "/messages/");
      }
    }
    assertThat(used).hasSameSizeAs(objects(API.get("channels")).keySet());
    only(object(API.get("components")), "messages", "");
    Map<String, Map<String, Object>> messages =
        objects(object(API.get("components")).get("messages"));
    messages.forEach(
        (name, message) -> {
          only(message, "name title summary contentType payload", "headers bindings");
          assertThat(message).containsEntry("name", name);
          Stream.of("payload", "headers")
              .map(message::get)
              .filter(schema -> schema != null && object(schema).containsKey("schemaFormat"))
              .forEach(schema -> only(object(schema), "schemaFormat schema", ""));
          binding(message, "key bindingVersion");
        });
  }

  private static void binding(Map<String, Object> owner, String members) {
    if (owner.containsKey("bindings")) {
      only(object(owner.get("bindings")), "kafka", "");
      only(objects(owner.get("bindings")).get("kafka"), "bindingVersion", members);
    }
  }

  private static void only(Map<String, Object> object, String required, String optional) {
    assertThat(object.keySet()).containsAll(List.of(required.split(" ", -1)));
    Set<String> known = new TreeSet<>(List.of((required + " " + optional).split(" ", -1)));
    assertThat(known).containsAll(object.keySet());
  }

  private static boolean refused(Delivery delivery) {
    try {
      EventContext.check(delivery);
      return false;
    } catch (dev.mezzotint.json.InvalidInputException e) {
      return true;
    }
  }

  private static Delivery request() {
    return request("", null);
  }

  /** With every header that the code reads, one of them another or none. */
  private static Delivery request(String other, byte @org.jspecify.annotations.Nullable [] value) {
    Map<String, byte[]> headers = new HashMap<>();
    Map.of(
            "ce_specversion", "1.0",
            "ce_id", "r-1",
            "ce_source", "/shop",
            "ce_type", "order",
            "ce_expirytime", "2099-01-01T00:00:00Z",
            "ce_correlationid", "c-1",
            "ce_causationid", "o-1",
            "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "tracestate", "vendor=1")
        .forEach((name, text) -> headers.put(name, text.getBytes(UTF_8)));
    if (value == null) {
      headers.remove(other);
    } else {
      headers.put(other, value);
    }
    return new Delivery("requests", 0, 1, 1, new byte[0], List.copyOf(headers.entrySet()));
  }

  private static List<Map<String, Object>> messages(String channel) {
    return objects(objects(API.get("channels")).get(channel).get("messages")).values().stream()
        .map(message -> object(at((String) message.get("$ref"))))
        .toList();
  }

  private static String schemaFile(Object payload) {
    return (String) object(object(payload).get("schema")).get("$ref");
  }

  private static Object at(String reference) {
    Object found = API;
    for (String step : reference.substring(2).split("/", -1)) {
      found = found == null ? null : object(found).get(step);
    }
    return found;
  }

  private static void walk(Object value, List<String> references) {
    if (value instanceof Map<?, ?> map) {
      if (map.get("$ref") instanceof String reference) {
        references.add(reference);
      }
      map.values().forEach(member -> walk(member, references));
    } else if (value instanceof List<?> list) {
      list.forEach(item -> walk(item, references));
    }
  }

  private static List<String> strings(List<?> values) {
    return values.stream().map(String::valueOf).toList();
  }

  private static Map<String, String> headers(ProducerRecord<byte[], byte[]> record) {
    Map<String, String> found = new HashMap<>();
    record.headers().forEach(h -> found.put(h.key(), new String(h.value(), UTF_8)));
    return found;
  }

  private static JsonSchema schema(String name) throws IOException {
    try (InputStream in =
        ContractTest.class.getResourceAsStream("/schema/" + name + ".schema.json")) {
      return new JsonSchema(in.readAllBytes());
    }
  }

  private static Map<String, Object> resource(String path) {
    try (InputStream in = ContractTest.class.getResourceAsStream(path)) {
      return JsonObject.parse(in.readAllBytes()).toMap();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(Object value) {
    return (Map<String, Object>) value;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Map<String, Object>> objects(Object value) {
    return (Map<String, Map<String, Object>>) value;
  }
}

package dev.mezzotint.model;

import dev.mezzotint.json.JsonObject;
import dev.mezzotint.model.UNetConfig.Activation;
import dev.mezzotint.model.UNetConfig.ClassEmbedding;
import dev.mezzotint.model.UNetConfig.DownBlock;
import dev.mezzotint.model.UNetConfig.TimeEmbedding;
import dev.mezzotint.model.UNetConfig.TimeScaleShift;
import dev.mezzotint.model.UNetConfig.UpBlock;
import dev.mezzotint.model.UNetConfig.WireNamed;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** {@link UNetConfig} from and to the keys of {@code config.json}. */
final class UNetConfigJson {
  private static final String CLASS_NAME = "UNet2DModel";

  /** Old configurations write {@code UNetResDownBlock2D} for {@code DownBlock2D}. */
  private static final String OLD_BLOCK_PREFIX = "UNetRes";

  /** Keys without a null of their own; for the others it means "none" or the default. */
  private static final List<String> NOT_NULL =
      List.of(
          "in_channels",
          "out_channels",
          "center_input_sample",
          "time_embedding_type",
          "freq_shift",
          "flip_sin_to_cos",
          "down_block_types",
          "up_block_types",
          "block_out_channels",
          "layers_per_block",
          "mid_block_scale_factor",
          "downsample_padding",
          "dropout",
          "act_fn",
          "norm_num_groups",
          "norm_eps",
          "resnet_time_scale_shift",
          "add_attention");

  private UNetConfigJson() {}

  static UNetConfig parse(JsonObject json) {
    refuseOtherClasses(json);
    for (String key : NOT_NULL) {
      if (json.isNull(key)) {
        throw json.refuse(key, "must not be null");
      }
    }
    sampling(json, "downsample_type");
    sampling(json, "upsample_type");
    OptionalInt numClassEmbeds = optional(json, "num_class_embeds", UNetConfig.CLASSES_MAX);
    int[] size = sampleSize(json);
    return new UNetConfig(
        size.length == 0 ? OptionalInt.empty() : OptionalInt.of(size[0]),
        json.integer("in_channels", 1, UNetConfig.CHANNELS_MAX, 3),
        json.integer("out_channels", 1, UNetConfig.CHANNELS_MAX, 3),
        json.bool("center_input_sample", false),
        word(json, "time_embedding_type", TimeEmbedding.values(), TimeEmbedding.POSITIONAL),
        optional(json, "time_embedding_dim", 4 * UNetConfig.CHANNELS_MAX),
        json.number("freq_shift", -UNetConfig.CHANNELS_MAX, UNetConfig.CHANNELS_MAX, 0),
        json.bool("flip_sin_to_cos", true),
        blocks(
            json,
            "down_block_types",
            DownBlock.values(),
            List.of(DownBlock.DOWN, DownBlock.ATTN_DOWN, DownBlock.ATTN_DOWN, DownBlock.ATTN_DOWN)),
        midBlock(json),
        blocks(
            json,
            "up_block_types",
            UpBlock.values(),
            List.of(UpBlock.ATTN_UP, UpBlock.ATTN_UP, UpBlock.ATTN_UP, UpBlock.UP)),
        widths(json),
        json.integer("layers_per_block", 1, UNetConfig.LAYERS_MAX, 2),
        json.number("mid_block_scale_factor", 1e-6, 1e6, 1),
        json.integer("downsample_padding", 0, 1, 1),
        json.number("dropout", 0, 1, 0),
        activation(json),
        headDim(json),
        json.integer("norm_num_groups", 1, UNetConfig.CHANNELS_MAX, 32),
        optional(json, "attn_norm_num_groups", UNetConfig.CHANNELS_MAX),
        json.number("norm_eps", 0, 1, 1e-5),
        word(json, "resnet_time_scale_shift", TimeScaleShift.values(), TimeScaleShift.DEFAULT),
        json.bool("add_attention", true),
        classEmbedding(json, numClassEmbeds),
        numClassEmbeds,
        optional(json, "num_train_timesteps", UNetConfig.CLASSES_MAX),
        size.length < 2 || size[0] == size[1] ? OptionalInt.empty() : OptionalInt.of(size[1]));
  }

  private static void refuseOtherClasses(JsonObject json) {
    String name = json.string("_class_name", CLASS_NAME);
    if (!name.equals(CLASS_NAME)) {
      throw json.refuse("_class_name", "must be " + CLASS_NAME + ", not " + JsonObject.quote(name));
    }
  }

  private static void sampling(JsonObject json, String key) {
    json.word(key, List.of("conv"));
  }

  private static OptionalInt optional(JsonObject json, String key, int max) {
    var value = json.integer(key, 1, max);
    return value.isPresent() ? OptionalInt.of((int) value.getAsLong()) : OptionalInt.empty();
  }

  /** None, a side, or height and width. */
  private static int[] sampleSize(JsonObject json) {
    if (!json.isList("sample_size")) {
      return optional(json, "sample_size", UNetConfig.SIZE_MAX).stream().toArray();
    }
    int[] size =
        json.integers("sample_size", 2, 1, UNetConfig.SIZE_MAX).orElse(List.of()).stream()
            .mapToInt(Long::intValue)
            .toArray();
    if (size.length != 2) {
      throw json.refuse("sample_size", "must be one side, or a list of height and width");
    }
    return size;
  }

  private static <E extends WireNamed> E word(JsonObject json, String key, E[] cases, E otherwise) {
    return json.string(key).map(word -> ofWord(json, key, cases, word)).orElse(otherwise);
  }

  private static <E extends WireNamed> E ofWord(
      JsonObject json, String key, E[] cases, String word) {
    List<String> known = new ArrayList<>();
    for (E one : cases) {
      if (one.wireName().equals(word)) {
        return one;
      }
      known.add(one.wireName());
    }
    throw json.refuse(
        key, "must be one of " + String.join(", ", known) + ", not " + JsonObject.quote(word));
  }

  private static <E extends WireNamed> List<E> blocks(
      JsonObject json, String key, E[] cases, List<E> otherwise) {
    var words = json.strings(key, UNetConfig.LEVELS_MAX);
    if (words.isEmpty()) {
      return otherwise;
    }
    List<E> blocks = new ArrayList<>();
    for (String word : words.get()) {
      String name =
          word.startsWith(OLD_BLOCK_PREFIX) ? word.substring(OLD_BLOCK_PREFIX.length()) : word;
      blocks.add(ofWord(json, key, cases, name));
    }
    return blocks;
  }

  private static boolean midBlock(JsonObject json) {
    json.word("mid_block_type", List.of("UNetMidBlock2D"));
    return !json.isNull("mid_block_type");
  }

  private static List<Integer> widths(JsonObject json) {
    return json.integers("block_out_channels", UNetConfig.LEVELS_MAX, 2, UNetConfig.CHANNELS_MAX)
        .map(widths -> widths.stream().map(Long::intValue).toList())
        .orElse(List.of(224, 448, 672, 896));
  }

  private static Activation activation(JsonObject json) {
    String word = json.string("act_fn", "silu").toLowerCase(Locale.ROOT);
    // Two names of one function.
    return word.equals("swish")
        ? Activation.SILU
        : ofWord(json, "act_fn", Activation.values(), word);
  }

  private static OptionalInt headDim(JsonObject json) {
    OptionalInt given = optional(json, "attention_head_dim", UNetConfig.CHANNELS_MAX);
    return given.isPresent() || json.isNull("attention_head_dim") ? given : OptionalInt.of(8);
  }

  private static ClassEmbedding classEmbedding(JsonObject json, OptionalInt numClassEmbeds) {
    var word = json.string("class_embed_type");
    if (word.isEmpty()) {
      return numClassEmbeds.isPresent() ? ClassEmbedding.TABLE : ClassEmbedding.NONE;
    }
    return ofWord(
        json,
        "class_embed_type",
        new ClassEmbedding[] {ClassEmbedding.TIMESTEP, ClassEmbedding.IDENTITY},
        word.get());
  }

  static Map<String, Object> toMap(UNetConfig config) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("_class_name", CLASS_NAME);
    map.put(
        "sample_size",
        config.sampleWidth().isPresent()
            ? List.of(config.sampleSize().orElse(1), config.sampleWidth().getAsInt())
            : orNull(config.sampleSize()));
    map.put("in_channels", config.inChannels());
    map.put("out_channels", config.outChannels());
    map.put("center_input_sample", config.centerInputSample());
    map.put("time_embedding_type", config.timeEmbeddingType().wireName());
    map.put("time_embedding_dim", orNull(config.timeEmbeddingDim()));
    map.put("freq_shift", integral(config.freqShift()));
    map.put("flip_sin_to_cos", config.flipSinToCos());
    map.put("down_block_types", config.downBlockTypes().stream().map(WireNamed::wireName).toList());
    map.put("mid_block_type", config.midBlock() ? "UNetMidBlock2D" : null);
    map.put("up_block_types", config.upBlockTypes().stream().map(WireNamed::wireName).toList());
    map.put("block_out_channels", config.blockOutChannels());
    map.put("layers_per_block", config.layersPerBlock());
    map.put("mid_block_scale_factor", integral(config.midBlockScaleFactor()));
    map.put("downsample_padding", config.downsamplePadding());
    map.put("downsample_type", "conv");
    map.put("upsample_type", "conv");
    map.put("dropout", config.dropout());
    map.put("act_fn", config.actFn().wireName());
    map.put("attention_head_dim", orNull(config.attentionHeadDim()));
    map.put("norm_num_groups", config.normNumGroups());
    map.put("attn_norm_num_groups", orNull(config.attnNormNumGroups()));
    map.put("norm_eps", config.normEps());
    map.put("resnet_time_scale_shift", config.resnetTimeScaleShift().wireName());
    map.put("add_attention", config.addAttention());
    String classes = config.classEmbedType().wireName();
    map.put("class_embed_type", classes.isEmpty() ? null : classes);
    map.put("num_class_embeds", orNull(config.numClassEmbeds()));
    map.put("num_train_timesteps", orNull(config.numTrainTimesteps()));
    return withNulls(map);
  }

  /** JSON's null is a value of these files, which the public signature cannot say. */
  @SuppressWarnings({"NullAway", "unchecked"})
  private static Map<String, Object> withNulls(Map<String, @Nullable Object> map) {
    return (Map<String, Object>) (Map<String, ?>) map;
  }

  private static @Nullable Object orNull(OptionalInt value) {
    return value.isPresent() ? value.getAsInt() : null;
  }

  /** 1 rather than 1.0, as the files are usually written. */
  private static Object integral(double value) {
    return value == Math.rint(value) ? (Object) (int) value : (Object) value;
  }
}

package dev.mezzotint.model;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Configuration of a U-Net, key for key what diffusers writes to {@code config.json} for its {@code
 * UNet2DModel}. A key that the file lacks has the default of diffusers.
 *
 * <p>Every instance describes a network that can be built: the constructor refuses impossible
 * combinations with an {@link InvalidInputException} that names the key as the file spells it.
 * Immutable.
 *
 * @param sampleSize height (and width, unless {@code sampleWidth} says otherwise) in pixels of the
 *     images the network was trained on; the network itself takes any multiple of {@link
 *     #sizeMultiple()}
 * @param sampleWidth only for images that are not square
 * @param inChannels channels of x and of the conditions after it
 * @param outChannels channels of x
 * @param centerInputSample whether the network receives 2·x − 1
 * @param timeEmbeddingDim empty: four times the first level's width
 * @param freqShift f_i = exp(−ln 10000 · i / (half − freqShift)), half = half the first width
 * @param flipSinToCos cosines before sines
 * @param midBlock false where {@code mid_block_type} is null
 * @param blockOutChannels width of each level, finest first
 * @param layersPerBlock residual blocks per level on the way down; one more on the way up
 * @param midBlockScaleFactor what the middle block's sums are divided by
 * @param downsamplePadding 1, or 0 for one row and column of zeros at the right and bottom only
 * @param attentionHeadDim channels per attention head; empty: one head
 * @param attnNormNumGroups groups of the middle attention's norm; empty: as all others, and no norm
 *     at all with {@link TimeScaleShift#SCALE_SHIFT}
 * @param addAttention attention in the middle block
 * @param numClassEmbeds rows of the class table
 * @param numTrainTimesteps rows of the time table of {@link TimeEmbedding#LEARNED}
 */
public record UNetConfig(
    OptionalInt sampleSize,
    int inChannels,
    int outChannels,
    boolean centerInputSample,
    TimeEmbedding timeEmbeddingType,
    OptionalInt timeEmbeddingDim,
    double freqShift,
    boolean flipSinToCos,
    List<DownBlock> downBlockTypes,
    boolean midBlock,
    List<UpBlock> upBlockTypes,
    List<Integer> blockOutChannels,
    int layersPerBlock,
    double midBlockScaleFactor,
    int downsamplePadding,
    double dropout,
    Activation actFn,
    OptionalInt attentionHeadDim,
    int normNumGroups,
    OptionalInt attnNormNumGroups,
    double normEps,
    TimeScaleShift resnetTimeScaleShift,
    boolean addAttention,
    ClassEmbedding classEmbedType,
    OptionalInt numClassEmbeds,
    OptionalInt numTrainTimesteps,
    OptionalInt sampleWidth)
    implements NetworkConfig {

  private static final String CLASS_NAME = "UNet2DModel";

  /** Old configurations have {@code UNetResDownBlock2D} for {@code DownBlock2D}. */
  private static final String OLD_BLOCK_PREFIX = "UNetRes";

  /** Keys that must not be null; for the others null means "none" or the default. */
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

  private static final int LEVELS_MAX = 12;
  static final int CHANNELS_MAX = 16_384;
  private static final int LAYERS_MAX = 64;
  private static final int SIZE_MAX = 65_536;
  private static final int CLASSES_MAX = 10_000_000;

  /** A value of an enumeration in {@code config.json}. */
  sealed interface WireNamed
      permits TimeEmbedding, DownBlock, UpBlock, Activation, TimeScaleShift, ClassEmbedding {
    String name();

    /** The value in the file; empty for {@code null}. */
    default String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** How the time step becomes a vector. */
  public enum TimeEmbedding implements WireNamed {
    /** Sines and cosines of fixed frequencies. */
    POSITIONAL,
    /** Sines and cosines of stored random frequencies of ln t; the output is divided by t. */
    FOURIER,
    /** A table with one row per integer time step. */
    LEARNED
  }

  /** A level on the way down. */
  public enum DownBlock implements WireNamed {
    DOWN,
    ATTN_DOWN;

    @Override
    public String wireName() {
      return this == DOWN ? "DownBlock2D" : "AttnDownBlock2D";
    }
  }

  /** A level on the way up. */
  public enum UpBlock implements WireNamed {
    UP,
    ATTN_UP;

    @Override
    public String wireName() {
      return this == UP ? "UpBlock2D" : "AttnUpBlock2D";
    }
  }

  /**
   * Non-linearity of the residual blocks. The time embedding and the output always use {@link
   * #SILU}.
   */
  public enum Activation implements WireNamed {
    SILU,
    MISH,
    GELU,
    RELU
  }

  /** How the time vector enters a residual block. */
  public enum TimeScaleShift implements WireNamed {
    /** Added to the features before the second norm. */
    DEFAULT,
    /** Scales and shifts the features after the second norm. */
    SCALE_SHIFT
  }

  /** How a class label becomes a vector that is added to the time vector. */
  public enum ClassEmbedding implements WireNamed {
    NONE,
    /** A table; {@code class_embed_type} is null and {@code num_class_embeds} is given. */
    TABLE,
    /** Embedded as a time step is, with its own two layers. */
    TIMESTEP,
    /** The label is the vector. */
    IDENTITY;

    @Override
    public String wireName() {
      return this == NONE || this == TABLE ? "" : WireNamed.super.wireName();
    }
  }

  /**
   * @throws InvalidInputException if no network can be built from this
   */
  public UNetConfig {
    downBlockTypes = List.copyOf(downBlockTypes);
    upBlockTypes = List.copyOf(upBlockTypes);
    blockOutChannels = List.copyOf(blockOutChannels);
    bounded("sample_size", sampleSize.orElse(1), 1, SIZE_MAX);
    bounded("sample_size", sampleWidth.orElse(1), 1, SIZE_MAX);
    bounded("in_channels", inChannels, 1, CHANNELS_MAX);
    bounded("out_channels", outChannels, 1, CHANNELS_MAX);
    bounded("time_embedding_dim", timeEmbeddingDim.orElse(1), 1, 4 * CHANNELS_MAX);
    bounded("layers_per_block", layersPerBlock, 1, LAYERS_MAX);
    bounded("downsample_padding", downsamplePadding, 0, 1);
    bounded("norm_num_groups", normNumGroups, 1, CHANNELS_MAX);
    bounded("num_class_embeds", numClassEmbeds.orElse(1), 1, CLASSES_MAX);
    bounded("num_train_timesteps", numTrainTimesteps.orElse(1), 1, CLASSES_MAX);
    require("mid_block_scale_factor", midBlockScaleFactor > 0, "must be above 0");
    require("dropout", dropout >= 0 && dropout < 1, "must be from 0 to below 1");
    require("norm_eps", normEps > 0 && normEps <= 1, "must be above 0 and at most 1");
    checkLevels(downBlockTypes, upBlockTypes, blockOutChannels);
    checkNorms(blockOutChannels, normNumGroups, attnNormNumGroups);
    int levels = blockOutChannels.size();
    for (int i = 0; i < levels; i++) {
      boolean attends =
          downBlockTypes.get(i) == DownBlock.ATTN_DOWN
              || upBlockTypes.get(levels - 1 - i) == UpBlock.ATTN_UP
              || (i == levels - 1 && midBlock && addAttention);
      if (attends && attentionHeadDim.isPresent()) {
        divides("attention_head_dim", attentionHeadDim.getAsInt(), blockOutChannels.get(i));
      }
    }
    if (timeEmbeddingType == TimeEmbedding.POSITIONAL) {
      int half = blockOutChannels.get(0) / 2;
      require(
          "freq_shift",
          freqShift >= -CHANNELS_MAX && freqShift < half,
          "must be below " + half + ", half of the first of block_out_channels");
    }
    require(
        "num_train_timesteps",
        timeEmbeddingType != TimeEmbedding.LEARNED || numTrainTimesteps.isPresent(),
        "is missing: time_embedding_type \"learned\" needs it");
    require(
        "num_class_embeds",
        classEmbedType != ClassEmbedding.TABLE || numClassEmbeds.isPresent(),
        "is missing: a class table needs its number of rows");
  }

  private static void checkLevels(
      List<DownBlock> downs, List<UpBlock> ups, List<Integer> channels) {
    int levels = channels.size();
    require(
        "block_out_channels",
        levels >= 1 && levels <= LEVELS_MAX,
        "must have 1 to " + LEVELS_MAX + " levels, not " + levels);
    channels.forEach(width -> bounded("block_out_channels", width, 2, CHANNELS_MAX));
    require(
        "down_block_types",
        downs.size() == levels,
        "must have one entry for each of the %s block_out_channels, not %s"
            .formatted(levels, downs.size()));
    require(
        "up_block_types",
        ups.size() == levels,
        "must have one entry for each of the " + levels + " block_out_channels, not " + ups.size());
  }

  private static void checkNorms(List<Integer> channels, int groups, OptionalInt attnGroups) {
    channels.forEach(width -> divides("norm_num_groups", groups, width));
    if (attnGroups.isPresent()) {
      divides("attn_norm_num_groups", attnGroups.getAsInt(), channels.get(channels.size() - 1));
    }
  }

  private static void divides(String key, int divisor, int width) {
    require(
        key,
        divisor >= 1 && width % divisor == 0,
        "must divide the width %s of block_out_channels, which %s does not"
            .formatted(width, divisor));
  }

  private static void bounded(String key, int value, int min, int max) {
    require(
        key, value >= min && value <= max, "must be from " + min + " to " + max + ", not " + value);
  }

  private static void require(String key, boolean holds, String message) {
    if (!holds) {
      throw new InvalidInputException(key, key + " " + message);
    }
  }

  /**
   * Reads a {@code config.json}. Unknown keys are ignored, because newer versions add some.
   *
   * @throws InvalidInputException naming the key
   */
  public static UNetConfig parse(JsonObject json) {
    String name = json.string("_class_name", CLASS_NAME);
    if (!name.equals(CLASS_NAME)) {
      throw json.refuse("_class_name", "must be " + CLASS_NAME + ", not " + JsonObject.quote(name));
    }
    for (String key : NOT_NULL) {
      if (json.isNull(key)) {
        throw json.refuse(key, "must not be null");
      }
    }
    json.word("downsample_type", List.of("conv"));
    json.word("upsample_type", List.of("conv"));
    OptionalInt numClassEmbeds = json.optionalInt("num_class_embeds", 1, CLASSES_MAX);
    int[] size = sampleSize(json);
    return new UNetConfig(
        size.length == 0 ? OptionalInt.empty() : OptionalInt.of(size[0]),
        json.integer("in_channels", 1, CHANNELS_MAX, 3),
        json.integer("out_channels", 1, CHANNELS_MAX, 3),
        json.bool("center_input_sample", false),
        word(json, "time_embedding_type", TimeEmbedding.values(), TimeEmbedding.POSITIONAL),
        json.optionalInt("time_embedding_dim", 1, 4 * CHANNELS_MAX),
        json.number("freq_shift", -CHANNELS_MAX, CHANNELS_MAX, 0),
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
        json.integer("layers_per_block", 1, LAYERS_MAX, 2),
        json.number("mid_block_scale_factor", 1e-6, 1e6, 1),
        json.integer("downsample_padding", 0, 1, 1),
        json.number("dropout", 0, 1, 0),
        activation(json),
        headDim(json),
        json.integer("norm_num_groups", 1, CHANNELS_MAX, 32),
        json.optionalInt("attn_norm_num_groups", 1, CHANNELS_MAX),
        json.number("norm_eps", 0, 1, 1e-5),
        word(json, "resnet_time_scale_shift", TimeScaleShift.values(), TimeScaleShift.DEFAULT),
        json.bool("add_attention", true),
        classEmbedding(json, numClassEmbeds),
        numClassEmbeds,
        json.optionalInt("num_train_timesteps", 1, CLASSES_MAX),
        size.length < 2 || size[0] == size[1] ? OptionalInt.empty() : OptionalInt.of(size[1]));
  }

  /** Empty, one side, or height and width. */
  private static int[] sampleSize(JsonObject json) {
    if (!json.isList("sample_size")) {
      return json.optionalInt("sample_size", 1, SIZE_MAX).stream().toArray();
    }
    int[] size =
        json.integers("sample_size", 2, 1, SIZE_MAX).orElse(List.of()).stream()
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
    var words = json.strings(key, LEVELS_MAX);
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
    return json.integers("block_out_channels", LEVELS_MAX, 2, CHANNELS_MAX)
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
    OptionalInt given = json.optionalInt("attention_head_dim", 1, CHANNELS_MAX);
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

  /** Everything as diffusers' {@code from_pretrained} reads it, {@code _class_name} included. */
  @Override
  public Map<String, Object> toMap() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("_class_name", CLASS_NAME);
    map.put(
        "sample_size",
        sampleWidth.isPresent()
            ? List.of(sampleSize.orElse(1), sampleWidth.getAsInt())
            : orNull(sampleSize));
    map.put("in_channels", inChannels);
    map.put("out_channels", outChannels);
    map.put("center_input_sample", centerInputSample);
    map.put("time_embedding_type", timeEmbeddingType.wireName());
    map.put("time_embedding_dim", orNull(timeEmbeddingDim));
    map.put("freq_shift", integral(freqShift));
    map.put("flip_sin_to_cos", flipSinToCos);
    map.put("down_block_types", downBlockTypes.stream().map(WireNamed::wireName).toList());
    map.put("mid_block_type", midBlock ? "UNetMidBlock2D" : null);
    map.put("up_block_types", upBlockTypes.stream().map(WireNamed::wireName).toList());
    map.put("block_out_channels", blockOutChannels);
    map.put("layers_per_block", layersPerBlock);
    map.put("mid_block_scale_factor", integral(midBlockScaleFactor));
    map.put("downsample_padding", downsamplePadding);
    map.put("downsample_type", "conv");
    map.put("upsample_type", "conv");
    map.put("dropout", dropout);
    map.put("act_fn", actFn.wireName());
    map.put("attention_head_dim", orNull(attentionHeadDim));
    map.put("norm_num_groups", normNumGroups);
    map.put("attn_norm_num_groups", orNull(attnNormNumGroups));
    map.put("norm_eps", normEps);
    map.put("resnet_time_scale_shift", resnetTimeScaleShift.wireName());
    map.put("add_attention", addAttention);
    String classes = classEmbedType.wireName();
    map.put("class_embed_type", classes.isEmpty() ? null : classes);
    map.put("num_class_embeds", orNull(numClassEmbeds));
    map.put("num_train_timesteps", orNull(numTrainTimesteps));
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

  public int levels() {
    return blockOutChannels.size();
  }

  public int timeEmbedDim() {
    return timeEmbeddingDim.orElse(4 * blockOutChannels.get(0));
  }

  /** Height and width must be multiples of this: 2^(levels − 1). */
  @Override
  public int sizeMultiple() {
    return 1 << (levels() - 1);
  }

  @Override
  public int sizeMax() {
    return SIZE_MAX;
  }
}

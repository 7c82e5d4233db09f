package dev.mezzotint.model;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The U-Net's shape, key for key what diffusers writes to {@code config.json} for its {@code
 * UNet2DModel}. A key that an older version did not know has its default here.
 *
 * <p>Every instance describes a network that can be built: the constructor refuses impossible
 * combinations with an {@link InvalidInputException} that names the key as the file spells it.
 * Immutable.
 *
 * @param sampleSize height (and width, unless {@code sampleWidth} says otherwise) in pixels of the
 *     images the network was trained on; the network itself takes any multiple of {@link
 *     #sizeMultiple()}
 * @param sampleWidth only for images that are not square
 * @param inChannels channels of x and of the conditions behind it
 * @param outChannels channels of x
 * @param centerInputSample the network sees 2·x − 1
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

  static final int LEVELS_MAX = 12;
  static final int CHANNELS_MAX = 16_384;
  static final int LAYERS_MAX = 64;
  static final int SIZE_MAX = 65_536;
  static final int CLASSES_MAX = 10_000_000;

  /** A closed choice with the words that {@code config.json} has for each of its cases. */
  sealed interface WireNamed
      permits TimeEmbedding, DownBlock, UpBlock, Activation, TimeScaleShift, ClassEmbedding {
    /** The word that is written; empty where the file says {@code null}. */
    String wireName();
  }

  /** How the time step becomes a vector. */
  public enum TimeEmbedding implements WireNamed {
    /** Sines and cosines of fixed frequencies. */
    POSITIONAL("positional"),
    /** Sines and cosines of stored random frequencies of ln t; the output is divided by t. */
    FOURIER("fourier"),
    /** A table with one row per integer time step. */
    LEARNED("learned");

    private final String wireName;

    TimeEmbedding(String word) {
      this.wireName = word;
    }

    @Override
    public String wireName() {
      return wireName;
    }
  }

  /** A level on the way down. */
  public enum DownBlock implements WireNamed {
    DOWN("DownBlock2D"),
    ATTN_DOWN("AttnDownBlock2D");

    private final String wireName;

    DownBlock(String word) {
      this.wireName = word;
    }

    @Override
    public String wireName() {
      return wireName;
    }
  }

  /** A level on the way up. */
  public enum UpBlock implements WireNamed {
    UP("UpBlock2D"),
    ATTN_UP("AttnUpBlock2D");

    private final String wireName;

    UpBlock(String word) {
      this.wireName = word;
    }

    @Override
    public String wireName() {
      return wireName;
    }
  }

  /**
   * Non-linearity of the residual blocks. The time embedding and the output always use {@link
   * #SILU}.
   */
  public enum Activation implements WireNamed {
    SILU("silu"),
    MISH("mish"),
    GELU("gelu"),
    RELU("relu");

    private final String wireName;

    Activation(String word) {
      this.wireName = word;
    }

    @Override
    public String wireName() {
      return wireName;
    }
  }

  /** How the time vector enters a residual block. */
  public enum TimeScaleShift implements WireNamed {
    /** Added to the features before the second norm. */
    DEFAULT("default"),
    /** Scales and shifts the features behind the second norm. */
    SCALE_SHIFT("scale_shift");

    private final String wireName;

    TimeScaleShift(String word) {
      this.wireName = word;
    }

    @Override
    public String wireName() {
      return wireName;
    }
  }

  /** How a class label becomes a vector that is added to the time vector. */
  public enum ClassEmbedding implements WireNamed {
    NONE(""),
    /** A table; {@code class_embed_type} is null and {@code num_class_embeds} is given. */
    TABLE(""),
    /** Embedded as a time step is, with its own two layers. */
    TIMESTEP("timestep"),
    /** The label is the vector. */
    IDENTITY("identity");

    private final String wireName;

    ClassEmbedding(String word) {
      this.wireName = word;
    }

    @Override
    public String wireName() {
      return wireName;
    }
  }

  /**
   * Checks that the network can be built.
   *
   * @throws InvalidInputException if no network has this shape
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
        "must have one entry for each of the "
            + levels
            + " block_out_channels, not "
            + downs.size());
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
        "must divide the width "
            + width
            + " of block_out_channels, which "
            + divisor
            + " does not");
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
   * Reads the keys of a {@code config.json}; unknown keys are ignored, as newer versions add some.
   *
   * @throws InvalidInputException naming the key
   */
  public static UNetConfig parse(JsonObject json) {
    return UNetConfigJson.parse(json);
  }

  /**
   * {@link #parse} of a file.
   *
   * @throws InvalidInputException naming the key, or the file where it cannot be read
   */
  public static UNetConfig read(Path configJson) {
    return SmallFiles.readJson(configJson, UNetConfig::parse);
  }

  /** Everything as diffusers' {@code from_pretrained} reads it, {@code _class_name} included. */
  @Override
  public Map<String, Object> toMap() {
    return UNetConfigJson.toMap(this);
  }

  public int levels() {
    return blockOutChannels.size();
  }

  /** Length of the time vector. */
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

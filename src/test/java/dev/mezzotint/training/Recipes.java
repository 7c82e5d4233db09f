package dev.mezzotint.training;

import dev.mezzotint.json.JsonObject;
import dev.mezzotint.training.recipe.Recipe;

/** A small recipe, which tests change by text replacement. */
public final class Recipes {
  public static final String TINY =
      """
      {"model": "tiny",
       "network": {"sample_size": 8, "in_channels": 3, "out_channels": 3,
         "block_out_channels": [8, 8],
         "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
         "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
         "layers_per_block": 1, "norm_num_groups": 4, "attention_head_dim": 4},
       "dataset": {"size": 8, "flip": true},
       "optimizer": {"learningRate": 0.003, "warmup": 3},
       "iterations": 12, "batchSize": 6, "ema": {"decay": 0.9},
       "checkpointEvery": 4, "sampleEvery": 8, "seed": 5,
       "card": {"version": "v1", "licence": "CC0", "data": "squares", "steps": 4,
         "sampler": "heun"}}
      """;

  private Recipes() {}

  public static Recipe tiny() {
    return parse(TINY);
  }

  /**
   * @param what must be part of the text
   */
  public static Recipe tiny(String what, String with) {
    return parse(changed(what, with));
  }

  public static String changed(String what, String with) {
    if (!TINY.contains(what)) {
      throw new AssertionError(what + " is not in the recipe");
    }
    return TINY.replace(what, with);
  }

  public static Recipe parse(String json) {
    return Recipe.parse(JsonObject.parse(json));
  }
}

package dev.mezzotint.training;

import dev.mezzotint.json.JsonText;
import dev.mezzotint.training.recipe.Recipe;
import java.nio.charset.StandardCharsets;

/** Edits the text of a recipe. */
record JsonEdit(String text) {
  static JsonEdit of(Recipe recipe) {
    return new JsonEdit(new String(JsonText.write(recipe.toMap()), StandardCharsets.UTF_8));
  }

  JsonEdit with(String what, String other) {
    if (!text.contains(what)) {
      throw new AssertionError(what + " is not in " + text);
    }
    return new JsonEdit(text.replace(what, other));
  }
}

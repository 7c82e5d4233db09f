package dev.mezzotint.generation.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.iadb.Solver;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Palette;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.ReferenceImages;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.sampling.ModelInfo;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ConditionDecoderTest {
  private static ConditionDecoder decoder(int height, int width, ConditionPart part) {
    ModelInfo model =
        new ModelInfo(
            "m",
            "1",
            /* channels= */ 3,
            height,
            width,
            OptionalInt.empty(),
            List.of(part),
            /* steps= */ 8,
            Solver.EULER,
            OptionalInt.empty(),
            ModelCard.GAUSSIAN,
            List.of(),
            /* engine= */ Optional.empty(),
            /* canvas= */ Optional.empty());
    return new ConditionDecoder(model, /* nearest= */ false, /* resize= */ false);
  }

  @Test
  void decode_comparesTheSizeAfterTurning() throws IOException {
    ConditionPart part = new ConditionPart("photo", ConditionPart.Kind.RGB, 3);
    byte[] file = ReferenceImages.file("orient6.png");
    assertThat(decoder(24, 17, part).decode(part, file).bytes())
        .isEqualTo(ImageReader.read(file, 3).bytes());
    assertThatThrownBy(() -> decoder(17, 24, part).decode(part, file))
        .hasMessage("is 17x24 pixels: model m@1 takes 24x17");
  }

  @Test
  void decode_labelMapWithProfile_takesColoursAsStored() throws IOException {
    byte[] file = ReferenceImages.file("p3-palette.png");
    Pixels stored = ImageReader.readLabelMap(file, 1000);
    Set<Integer> colours = new TreeSet<>();
    for (int i = 0; i < stored.bytes().length; i += 3) {
      colours.add(Palette.colour(stored.bytes(), i));
    }
    Palette palette =
        Palette.of(
            colours.stream()
                .map(rgb -> String.format(Locale.ROOT, "c%06x #%06x", rgb, rgb))
                .toArray(String[]::new));
    ConditionPart part =
        new ConditionPart(
            "labels",
            ConditionPart.Kind.LABELS,
            palette.classes(),
            Optional.of(palette),
            /* optional= */ false);
    Pixels labels = decoder(17, 24, part).decode(part, file);
    assertThat(palette.colours(labels).bytes()).isEqualTo(stored.bytes());
  }
}

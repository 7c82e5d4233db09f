package dev.mezzotint.training.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.json.GoldenDocument;
import dev.mezzotint.json.InvalidInputException;
import java.util.List;
import org.junit.jupiter.api.Test;

class CheckpointPointerTest {
  private static final CheckpointPointer EMPTY =
      new CheckpointPointer("", "", "", "", 1, "", "", List.of());
  private static final CheckpointPointer FULL =
      new CheckpointPointer(
          "run-1",
          "mezzotint.training.requests-0@7",
          "w1",
          "cpu",
          12,
          "d".repeat(64),
          "avatars-32@1",
          List.of(
              new CheckpointPointer.StoredCheckpoint(
                  500, "a/1.safetensors", "a/1.csv", 1L << 33, "0".repeat(64)),
              new CheckpointPointer.StoredCheckpoint(
                  1000, "a/2.safetensors", "a/2.csv", 7, "1".repeat(64))));

  @Test
  void pointer_writesAndReadsTheGoldenBytes() {
    GoldenDocument.assertBytes("checkpoint-pointer-empty.json", EMPTY.toJson());
    GoldenDocument.assertBytes("checkpoint-pointer.json", FULL.toJson());
    assertThat(CheckpointPointer.parse(GoldenDocument.read("checkpoint-pointer-empty.json")))
        .isEqualTo(EMPTY);
    assertThat(CheckpointPointer.parse(GoldenDocument.read("checkpoint-pointer.json")))
        .isEqualTo(FULL);
  }

  @Test
  void pointerOfALaterSchema_isRefused() {
    assertThatThrownBy(() -> CheckpointPointer.parse("{\"schema\":2}".getBytes()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("schema must be from 1 to 1, not 2");
  }
}

package dev.mezzotint.iadb;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The three known answers that Random123 publishes for philox4x32-10, and the key derivation. */
class PhiloxTest {
  @Test
  void zeroCounterAndKey_givePublishedResult() {
    assertThat(block(0L, 0L, 0L)).containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
  }

  @Test
  void allOnes_givesPublishedResult() {
    assertThat(block(-1L, -1L, -1L))
        .containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
  }

  @Test
  void digitsOfPi_givePublishedResult() {
    assertThat(block(0x85a308d3_243f6a88L, 0x03707344_13198a2eL, 0x299f31d0_a4093822L))
        .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
  }

  @Test
  void key_neighbouringSeedsAndIndices_areDistinct() {
    Set<Long> keys = new HashSet<>();
    for (long seed = -50; seed < 50; seed++) {
      for (long index = 0; index < 1000; index++) {
        keys.add(Philox.key(seed, index));
      }
    }
    assertThat(keys).hasSize(100 * 1000);
  }

  private static int[] block(long counterLow, long counterHigh, long key) {
    int[] out = new int[4];
    Philox.block(counterLow, counterHigh, key, out);
    return out;
  }
}

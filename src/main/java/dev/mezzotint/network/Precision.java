package dev.mezzotint.network;

import java.util.Locale;

/**
 * In what a network is evaluated. α, the state x and the solver's sums are float32 in any case, so
 * that a thousand small steps do not vanish in rounding.
 */
public enum Precision {
  /** 24 bits. What a CPU without AMX is fastest with, and what every test compares to. */
  FLOAT32,

  /** 8 bits, the range of float32; weights lie channels last, as tensor cores want them. */
  BF16;

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}

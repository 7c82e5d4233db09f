package dev.mezzotint.network;

import java.util.Locale;

/**
 * The precision in which a network is evaluated. α, the state x and the solver's sums are always
 * float32, so that a thousand small steps are not lost to rounding.
 */
public enum Precision {
  /** 24 significant bits. Fastest on a CPU without AMX, and the reference of all tests. */
  FLOAT32,

  /** 8 significant bits with the range of float32; weights are channels-last for tensor cores. */
  BF16;

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}

package dev.mezzotint.network;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** A library that evaluates networks. */
public enum Engine {
  /** libtorch: samples and trains, on CPUs and GPUs. */
  PYTORCH,

  /** ONNX Runtime: samples on CPUs. */
  ONNXRUNTIME;

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The engine of a wire name; empty for one that this version does not have. */
  public static Optional<Engine> of(String wireName) {
    return Arrays.stream(values()).filter(engine -> engine.wireName().equals(wireName)).findFirst();
  }
}

package dev.mezzotint.model;

import java.util.Optional;

/** Element type of a tensor. The constants' names are the words that safetensors writes. */
public enum DType {
  F64(8),
  F32(4),
  F16(2),
  BF16(2),
  I64(8),
  I32(4),
  I16(2),
  I8(1),
  U8(1),
  BOOL(1);

  private final int byteSize;

  DType(int byteSize) {
    this.byteSize = byteSize;
  }

  public int byteSize() {
    return byteSize;
  }

  public boolean isFloatingPoint() {
    return this == F64 || this == F32 || this == F16 || this == BF16;
  }

  /** The type with this safetensors word, empty for words this software has no use for. */
  static Optional<DType> ofName(String word) {
    for (DType dtype : values()) {
      if (dtype.name().equals(word)) {
        return Optional.of(dtype);
      }
    }
    return Optional.empty();
  }
}

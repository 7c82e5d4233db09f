package dev.mezzotint.job;

/** Default limits of a request, checked by clients before it is sent and by workers again. */
public final class RequestLimits {
  /** Size of the record's value. */
  public static final int BYTES_MAX = 1 << 20;

  /** Images of one generation job. */
  public static final int IMAGES_MAX = 10_000;

  /** α intervals. */
  public static final int STEPS_MAX = 1_000;

  /** Integers up to here are exact in every JSON reader, also one that has only doubles. */
  public static final long SEED_MAX = (1L << 53) - 1;

  private RequestLimits() {}
}

package dev.mezzotint.s3;

/**
 * Whether a store keeps its word on conditional writes, as tried out by {@link
 * S3ObjectStore#probe}. Where it does not, two workers can commit the same job.
 *
 * @param create {@code If-None-Match: *} refuses to overwrite
 * @param replace {@code If-Match} refuses another version than the one named
 */
public record ConditionalWrites(boolean create, boolean replace) {

  public boolean honoured() {
    return create && replace;
  }
}

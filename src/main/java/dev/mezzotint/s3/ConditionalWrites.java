package dev.mezzotint.s3;

/**
 * Result of {@link S3ObjectStore#probe}: whether a store honours conditional writes. If it does
 * not, two workers can commit the same job.
 *
 * @param create {@code If-None-Match: *} does not overwrite
 * @param replace {@code If-Match} does not overwrite another version
 */
public record ConditionalWrites(boolean create, boolean replace) {

  public boolean supported() {
    return create && replace;
  }
}

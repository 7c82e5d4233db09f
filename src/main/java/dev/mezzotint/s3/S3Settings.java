package dev.mezzotint.s3;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Connection to one bucket.
 *
 * @param endpoint URL without a bucket, such as {@code https://s3.eu-central-1.amazonaws.com}
 * @param keyFiles files of access key and secret key, read again as they change; used instead of
 *     {@code accessKey} and {@code secretKey}
 * @param region for the signature; self-hosted stores accept {@code us-east-1}
 * @param getBytesMax size of the largest object that is read into memory
 */
public record S3Settings(
    String endpoint,
    String accessKey,
    String secretKey,
    Optional<KeyPair> keyFiles,
    String bucket,
    String region,
    Timeouts timeouts,
    int getBytesMax) {

  /** Files that hold one key each. */
  public record KeyPair(Path accessKey, Path secretKey) {}

  /**
   * Time limits of calls.
   *
   * @param connect for a new connection
   * @param idle the longest silence while reading or writing
   * @param call for a whole call on a small object; streams and file uploads only have the idle
   *     timeout
   */
  public record Timeouts(Duration connect, Duration idle, Duration call) {
    private static final Timeouts DEFAULT =
        new Timeouts(Duration.ofSeconds(5), Duration.ofSeconds(20), Duration.ofSeconds(60));
  }

  /** The default limits: 5 s to connect, 20 s of silence, 60 s a call, 64 MiB in memory. */
  public static S3Settings of(String endpoint, String accessKey, String secretKey, String bucket) {
    return new S3Settings(
        endpoint,
        accessKey,
        secretKey,
        Optional.empty(),
        bucket,
        "us-east-1",
        Timeouts.DEFAULT,
        64 << 20);
  }

  public S3Settings withKeyFiles(Path access, Path secret) {
    Optional<KeyPair> files = Optional.of(new KeyPair(access, secret));
    return new S3Settings(endpoint, "", "", files, bucket, region, timeouts, getBytesMax);
  }

  public S3Settings withRegion(String other) {
    return new S3Settings(
        endpoint, accessKey, secretKey, keyFiles, bucket, other, timeouts, getBytesMax);
  }

  public S3Settings withTimeouts(Duration connect, Duration idle, Duration call) {
    Timeouts other = new Timeouts(connect, idle, call);
    return new S3Settings(
        endpoint, accessKey, secretKey, keyFiles, bucket, region, other, getBytesMax);
  }

  /** Whether the store is on this machine, as the embedded one is; no proxy leads there. */
  boolean isLocal() {
    return endpoint.matches("https?://(localhost|127\\.[0-9.]+|\\[::1])(:[0-9]+)?/?");
  }

  /** Without the keys, which must not be logged. */
  @Override
  public String toString() {
    return "S3Settings[" + endpoint + ", bucket " + bucket + ", region " + region + "]";
  }
}

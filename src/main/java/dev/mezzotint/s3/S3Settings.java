package dev.mezzotint.s3;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How to reach one bucket.
 *
 * @param endpoint URL without a bucket, such as {@code https://s3.eu-central-1.amazonaws.com}
 * @param keyFiles files of access key and secret key, read again as they change; instead of the two
 *     before
 * @param region for the signature; self-hosted stores take {@code us-east-1}
 * @param connectTimeout for a new connection
 * @param idleTimeout the longest silence while reading or writing
 * @param callTimeout for a whole call on a small object; streams and file uploads have only the
 *     idle limit
 * @param getBytesMax the largest object that is read into memory as a whole
 */
public record S3Settings(
    String endpoint,
    String accessKey,
    String secretKey,
    Optional<KeyPair> keyFiles,
    String bucket,
    String region,
    Duration connectTimeout,
    Duration idleTimeout,
    Duration callTimeout,
    int getBytesMax) {

  /** Files that hold a key each. */
  public record KeyPair(Path accessKey, Path secretKey) {}

  /** The usual limits: 5 s to connect, 20 s of silence, 60 s a call, 64 MiB in memory. */
  public static S3Settings of(String endpoint, String accessKey, String secretKey, String bucket) {
    return new S3Settings(
        endpoint,
        accessKey,
        secretKey,
        Optional.empty(),
        bucket,
        "us-east-1",
        Duration.ofSeconds(5),
        Duration.ofSeconds(20),
        Duration.ofSeconds(60),
        64 << 20);
  }

  public S3Settings withKeyFiles(Path access, Path secret) {
    return new S3Settings(
        endpoint,
        "",
        "",
        Optional.of(new KeyPair(access, secret)),
        bucket,
        region,
        connectTimeout,
        idleTimeout,
        callTimeout,
        getBytesMax);
  }

  public S3Settings withRegion(String other) {
    return new S3Settings(
        endpoint,
        accessKey,
        secretKey,
        keyFiles,
        bucket,
        other,
        connectTimeout,
        idleTimeout,
        callTimeout,
        getBytesMax);
  }

  public S3Settings withTimeouts(Duration connect, Duration idle, Duration call) {
    return new S3Settings(
        endpoint, accessKey, secretKey, keyFiles, bucket, region, connect, idle, call, getBytesMax);
  }

  public S3Settings withGetBytesMax(int max) {
    return new S3Settings(
        endpoint,
        accessKey,
        secretKey,
        keyFiles,
        bucket,
        region,
        connectTimeout,
        idleTimeout,
        callTimeout,
        max);
  }

  /** Without the keys, which do not belong into logs. */
  @Override
  public String toString() {
    return "S3Settings[" + endpoint + ", bucket " + bucket + ", region " + region + "]";
  }
}

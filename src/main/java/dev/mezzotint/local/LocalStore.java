package dev.mezzotint.local;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;

/**
 * An S3 server (S3Proxy) on loopback whose buckets are folders. It supports conditional writes and
 * requires signed requests.
 *
 * <p>Not safe for use by several threads.
 */
record LocalStore(S3Proxy server) {
  private static final int THREADS_MAX = 40;

  /** Starts a server and returns once it serves clients. */
  static LocalStore start(Path folder, int port, String accessKey, String secretKey)
      throws IOException {
    Files.createDirectories(folder);
    S3Proxy server =
        S3Proxy.builder()
            .blobStore(new FilesystemNio2BlobStore(folder.toString()))
            .endpoint(URI.create("http://127.0.0.1:" + port))
            .awsAuthentication(AuthenticationType.AWS_V4, accessKey, secretKey)
            .ignoreUnknownHeaders(true)
            .jettyMaxThreads(THREADS_MAX)
            .build();
    try {
      server.start();
    } catch (Exception e) {
      throw new IOException(
          "the S3 server on port " + port + " did not start: " + e.getMessage(), e);
    }
    return new LocalStore(server);
  }

  void stop() throws IOException {
    try {
      server.stop();
    } catch (Exception e) {
      throw new IOException("the S3 server did not stop: " + e.getMessage(), e);
    }
  }
}

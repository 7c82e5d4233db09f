package dev.mezzotint.autoscaling;

import dev.mezzotint.job.DaemonThreads;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Serves the external scaler over gRPC, in clear text and without authentication: it reports the
 * backlog and changes nothing. Safe for use by many threads.
 */
public final class ScalerServer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ScalerServer.class.getName());
  private static final int THREADS = 2;
  private static final int MESSAGE_BYTES_MAX = 64 << 10;
  private static final int HEADER_BYTES_MAX = 8 << 10;
  private static final int CALLS_MAX = 2 * KedaExternalScaler.STREAMS_MAX;
  private static final long PING_SECONDS_MIN = 5;
  private static final long END_SECONDS = 2;

  private final ExecutorService threads;
  private final KedaExternalScaler scaler;
  private final Server server;

  /**
   * Starts listening.
   *
   * @param port 0 for any free port
   * @throws IOException if the port is not available
   */
  public ScalerServer(DemandMonitor monitor, String host, int port) throws IOException {
    scaler = new KedaExternalScaler(monitor);
    threads = Executors.newFixedThreadPool(THREADS, new DaemonThreads("mezzotint-scaler"));
    try {
      server =
          NettyServerBuilder.forAddress(new InetSocketAddress(host, port))
              .addService(scaler)
              .executor(threads)
              .maxInboundMessageSize(MESSAGE_BYTES_MAX)
              .maxInboundMetadataSize(HEADER_BYTES_MAX)
              .maxConcurrentCallsPerConnection(CALLS_MAX)
              .permitKeepAliveTime(PING_SECONDS_MIN, TimeUnit.SECONDS)
              .permitKeepAliveWithoutCalls(true)
              .build()
              .start();
    } catch (IOException | RuntimeException e) {
      threads.shutdownNow();
      throw e;
    }
    LOG.log(System.Logger.Level.INFO, "External scaler on {0}:{1,number,#}", host, port());
  }

  public int port() {
    return server.getPort();
  }

  /** Lets calls in progress end, and ends the streams as completed. */
  @Override
  public void close() {
    server.shutdown();
    scaler.completeStreams();
    try {
      if (!server.awaitTermination(END_SECONDS, TimeUnit.SECONDS)) {
        server.shutdownNow();
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
    threads.shutdownNow();
  }
}

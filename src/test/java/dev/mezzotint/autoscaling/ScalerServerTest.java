package dev.mezzotint.autoscaling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.kafka.GroupOffsets.Backlog;
import externalscaler.ExternalScalerGrpc;
import externalscaler.IsActiveResponse;
import externalscaler.ScaledObjectRef;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The end of the external scaler, seen by a client made from KEDA's interface file. */
class ScalerServerTest {
  private static final class Received implements StreamObserver<IsActiveResponse> {
    private final BlockingQueue<Object> all = new LinkedBlockingQueue<>();

    @Override
    public void onNext(IsActiveResponse answer) {
      all.add(answer.getResult());
    }

    @Override
    public void onError(Throwable fault) {
      all.add(fault);
    }

    @Override
    public void onCompleted() {
      all.add("completed");
    }

    private Object next() throws InterruptedException {
      return all.poll(30, TimeUnit.SECONDS);
    }
  }

  private static ScaledObjectRef object(String kind) {
    return ScaledObjectRef.newBuilder()
        .setName("mezzotint-" + kind)
        .putScalerMetadata("kind", kind)
        .putScalerMetadata("targetJobs", "1")
        .build();
  }

  /** KEDA doubles its wait, up to a minute, after each stream that ends in any other way. */
  @Test
  void close_completesOpenStreams() throws Exception {
    Map<String, Double> seconds = Map.of("generation", 1.0, "training", 1.0);
    Map<String, Backlog> backlogs =
        Map.of(
            "generation", new Backlog(3, 0, 0, 0, 0),
            "training", new Backlog(0, 0, 0, 0, 0));
    try (DemandMonitor monitor =
        new DemandMonitor(
            () -> backlogs, DemandMonitorTest.KEEPS_NOTHING, seconds, Duration.ofMillis(10))) {
      ScalerServer server = new ScalerServer(monitor, "127.0.0.1", 0);
      ManagedChannel channel =
          NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
      try {
        List<Received> streams = List.of(new Received(), new Received());
        ExternalScalerGrpc.ExternalScalerStub scaler = ExternalScalerGrpc.newStub(channel);
        scaler.streamIsActive(object("generation"), streams.get(0));
        scaler.streamIsActive(object("training"), streams.get(1));
        assertThat(streams.get(0).next()).isEqualTo(true);
        assertThat(streams.get(1).next()).isEqualTo(false);

        server.close();

        for (Received stream : streams) {
          assertThat(stream.next()).isEqualTo("completed");
          assertThat(stream.all).isEmpty();
        }
      } finally {
        channel.shutdownNow();
        server.close();
      }
    }
  }
}

package dev.mezzotint.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalStackTest {
  @TempDir Path data;

  @Test
  void start_onExistingData_keepsIt() throws Exception {
    LocalStack.Options options;
    try (LocalStack stack = LocalStack.start(data, new LocalStack.Options(0, 0, Map.of()))) {
      assertThat(StackAddresses.find(data)).contains(stack.addresses());
      assertThatThrownBy(() -> LocalStack.start(data, new LocalStack.Options(0, 0, Map.of())))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("this process already runs a local stack on");
      try (Admin admin = Admin.create(Map.of("bootstrap.servers", stack.bootstrapServers()))) {
        assertThat(admin.describeCluster().nodes().get()).hasSize(1);
      }
      options =
          new LocalStack.Options(
              Integer.parseInt(stack.bootstrapServers().split(":")[1]), 0, Map.of());
    }
    assertThat(StackAddresses.find(data)).isEmpty();

    try (LocalStack stack = LocalStack.start(data, options)) {
      assertThat(stack.bootstrapServers()).endsWith(":" + options.brokerPort());
    }
  }
}

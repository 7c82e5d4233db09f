package dev.mezzotint.training;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.delivery.FaultInjector;
import dev.mezzotint.delivery.RecordingEventPublisher;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.MemoryObjectStore;
import dev.mezzotint.storage.RefusedKeyException;
import dev.mezzotint.training.recipe.DatasetReference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DataCacheTest {
  @TempDir Path folder;

  private final MemoryObjectStore store = new MemoryObjectStore();

  private DataCache refusing(String refusedCall) {
    FaultInjector.Fault refuse =
        (after, call, subject) -> {
          if (!after && call.equals(refusedCall)) {
            throw new RefusedKeyException(
                "no", "the store answers 403 AccessDenied about " + subject, new IOException());
          }
        };
    return new DataCache(
        new FaultInjector(store, new RecordingEventPublisher(), refuse), folder, 1 << 20);
  }

  @ParameterizedTest
  @ValueSource(strings = {"stat", "open"})
  void zipThatTheStoreRefuses_isTheRequestsFault(String call) {
    store.put("data/a.zip", new byte[10], "application/zip");
    DatasetReference zip =
        new DatasetReference.Zip("data/a.zip", OptionalLong.empty(), Optional.empty());
    assertThatThrownBy(() -> refusing(call).lease(zip, () -> {}))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageStartingWith(
            "dataset.reference data/a.zip cannot be read: the store answers 403 AccessDenied about"
                + " data/a.zip");
  }

  @Test
  void prefixThatTheStoreRefuses_isTheRequestsFault() {
    DatasetReference prefix = new DatasetReference.Prefix("data/faces/");
    assertThatThrownBy(() -> refusing("list").lease(prefix, () -> {}))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("data/faces/ cannot be read: the store answers 403 AccessDenied");
  }
}

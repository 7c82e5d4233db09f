package dev.mezzotint.delivery;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.EventPublisher;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.storage.ObjectStat;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StoredObject;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Injects faults between a worker and the store and broker: {@link Fault} is called before each of
 * their calls takes effect, and again before its answer is returned.
 */
public final class FaultInjector implements ObjectStore, EventPublisher {

  /** May throw at one of the calls. */
  public interface Fault {
    Fault NONE = (after, call, subject) -> {};

    /**
     * @param after false before the call takes effect, true when only its answer can be lost
     * @param call such as {@code create} or {@code publish}
     * @param subject key or event id
     */
    void at(boolean after, String call, String subject);
  }

  private final ObjectStore store;
  private final EventPublisher events;
  private final Fault fault;

  public FaultInjector(ObjectStore store, EventPublisher events, Fault fault) {
    this.store = store;
    this.events = events;
    this.fault = fault;
  }

  private <T> T pass(String call, String subject, Supplier<T> work) {
    fault.at(/* after= */ false, call, subject);
    T answer = work.get();
    fault.at(/* after= */ true, call, subject);
    return answer;
  }

  @Override
  public Optional<StoredObject> get(String key) {
    return pass("get", key, () -> store.get(key));
  }

  @Override
  public Optional<InputStream> open(String key) {
    return pass("open", key, () -> store.open(key));
  }

  @Override
  public Optional<ObjectStat> stat(String key) {
    return pass("stat", key, () -> store.stat(key));
  }

  @Override
  public String put(String key, byte[] bytes, String contentType) {
    return pass("put", key, () -> store.put(key, bytes, contentType));
  }

  @Override
  public Optional<String> create(String key, byte[] bytes, String contentType) {
    return pass("create", key, () -> store.create(key, bytes, contentType));
  }

  @Override
  public Optional<String> replace(String key, byte[] bytes, String contentType, String etag) {
    return pass("replace", key, () -> store.replace(key, bytes, contentType, etag));
  }

  @Override
  public void upload(String key, Path file, String contentType) {
    pass("upload", key, () -> uploaded(key, file, contentType));
  }

  private String uploaded(String key, Path file, String contentType) {
    store.upload(key, file, contentType);
    return key;
  }

  @Override
  public List<String> list(String prefix) {
    return pass("list", prefix, () -> store.list(prefix));
  }

  @Override
  public void delete(String key) {
    pass(
        "delete",
        key,
        () -> {
          store.delete(key);
          return key;
        });
  }

  @Override
  public void publish(JobEvent event) {
    pass(
        "publish",
        event.id(),
        () -> {
          events.publish(event);
          return event;
        });
  }

  @Override
  public void publishLater(JobEvent event) {
    fault.at(/* after= */ false, "publishLater", event.id());
    events.publishLater(event);
  }

  @Override
  public void deadLetter(Delivery delivery, String jobId, int attempt, String field, String cause) {
    pass(
        "deadLetter",
        jobId,
        () -> {
          events.deadLetter(delivery, jobId, attempt, field, cause);
          return jobId;
        });
  }

  @Override
  public void close() {}
}

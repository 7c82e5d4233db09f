package dev.mezzotint.delivery;

import dev.mezzotint.delivery.JobListener.DeliveryObserver;
import dev.mezzotint.delivery.JobListener.Period;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.job.JobEvent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/** Notifies several observers of one delivery; of its settlement in reverse order. */
record CompositeDeliveryObserver(List<DeliveryObserver> observers) implements DeliveryObserver {

  @Override
  public void jobIdentified(String id) {
    observers.forEach(observer -> observer.jobIdentified(id));
  }

  @Override
  public void jobCreated() {
    observers.forEach(DeliveryObserver::jobCreated);
  }

  @Override
  public void attemptStarted(int attempt, String model) {
    observers.forEach(observer -> observer.attemptStarted(attempt, model));
  }

  @Override
  public void phaseStarted(String name) {
    observers.forEach(observer -> observer.phaseStarted(name));
  }

  @Override
  public Period samplingStarted(LongSupplier evaluations) {
    List<Period> spans =
        observers.stream().map(observer -> observer.samplingStarted(evaluations)).toList();
    return (to, counts) -> spans.forEach(span -> span.end(to, counts));
  }

  @Override
  public void recordSpan(String name, long from, long to, Map<String, Long> counts) {
    observers.forEach(observer -> observer.recordSpan(name, from, to, counts));
  }

  @Override
  public void imageEncoded(long nanos) {
    observers.forEach(observer -> observer.imageEncoded(nanos));
  }

  @Override
  public Executor wrap(Executor pool) {
    Executor wrapped = pool;
    for (DeliveryObserver observer : observers) {
      wrapped = observer.wrap(wrapped);
    }
    return wrapped;
  }

  @Override
  public void jobEnded(JobEvent.Type state) {
    observers.forEach(observer -> observer.jobEnded(state));
  }

  @Override
  public void rejected() {
    observers.forEach(DeliveryObserver::rejected);
  }

  @Override
  public void settled(Settlement settlement) {
    List<DeliveryObserver> reversed = new ArrayList<>(observers);
    Collections.reverse(reversed);
    reversed.forEach(observer -> observer.settled(settlement));
  }
}

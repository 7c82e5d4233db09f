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

/** One delivery as several listeners hear of it; the last call comes to them in reverse. */
record CompositeDeliveryObserver(List<DeliveryObserver> visits) implements DeliveryObserver {

  @Override
  public void job(String id) {
    visits.forEach(visit -> visit.job(id));
  }

  @Override
  public void jobCreated() {
    visits.forEach(DeliveryObserver::jobCreated);
  }

  @Override
  public void attempt(int attempt, String model) {
    visits.forEach(visit -> visit.attempt(attempt, model));
  }

  @Override
  public void phase(String name) {
    visits.forEach(visit -> visit.phase(name));
  }

  @Override
  public Period samplingStarted(LongSupplier evaluations) {
    List<Period> spans = visits.stream().map(visit -> visit.samplingStarted(evaluations)).toList();
    return (to, counts) -> spans.forEach(span -> span.end(to, counts));
  }

  @Override
  public void recordSpan(String name, long from, long to, Map<String, Long> counts) {
    visits.forEach(visit -> visit.recordSpan(name, from, to, counts));
  }

  @Override
  public void encoded(long nanos) {
    visits.forEach(visit -> visit.encoded(nanos));
  }

  @Override
  public Executor wrap(Executor pool) {
    Executor wrapped = pool;
    for (DeliveryObserver visit : visits) {
      wrapped = visit.wrap(wrapped);
    }
    return wrapped;
  }

  @Override
  public void ended(JobEvent.Type state) {
    visits.forEach(visit -> visit.ended(state));
  }

  @Override
  public void rejected() {
    visits.forEach(DeliveryObserver::rejected);
  }

  @Override
  public void settled(Settlement settlement) {
    List<DeliveryObserver> reversed = new ArrayList<>(visits);
    Collections.reverse(reversed);
    reversed.forEach(visit -> visit.settled(settlement));
  }
}

package dev.mezzotint.observability;

import dev.mezzotint.delivery.JobListener;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.job.WorkerRole;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jboss.logmanager.MDC;

/**
 * Puts the job, its attempt and the role into the MDC of threads that process a job. Thread-safe.
 */
record JobLogger(WorkerRole role) implements JobListener {
  private static final List<String> KEYS = List.of("role", "job", "attempt");

  @Override
  public DeliveryObserver deliveryStarted(Delivery delivery) {
    MDC.put("role", role.wireName());
    return new Lines();
  }

  /** Of one delivery. */
  private static final class Lines implements DeliveryObserver {
    @Override
    public void jobIdentified(String id) {
      MDC.put("job", id);
    }

    @Override
    public void attemptStarted(int attempt, String model) {
      MDC.put("attempt", Integer.toString(attempt));
    }

    @Override
    public Executor wrap(Executor pool) {
      Map<String, String> here = new HashMap<>();
      for (String key : KEYS) {
        String value = MDC.get(key);
        if (value != null) {
          here.put(key, value);
        }
      }
      return work ->
          pool.execute(
              () -> {
                here.forEach(MDC::put);
                try {
                  work.run();
                } finally {
                  here.keySet().forEach(MDC::remove);
                }
              });
    }

    @Override
    public void settled(Settlement settlement) {
      KEYS.forEach(MDC::remove);
    }
  }
}

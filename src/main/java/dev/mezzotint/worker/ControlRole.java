package dev.mezzotint.worker;

import dev.mezzotint.control.OrphanCleaner;
import dev.mezzotint.control.OrphanSweeper;
import dev.mezzotint.control.PendingJobTerminator;
import dev.mezzotint.control.RequestTopicMonitor;
import dev.mezzotint.control.WebhookDispatcher;
import dev.mezzotint.control.WebhookSender;
import dev.mezzotint.delivery.DeliverySettings;
import dev.mezzotint.delivery.RequestReader;
import dev.mezzotint.generation.GenerationJobKind;
import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.job.RetryPolicy;
import dev.mezzotint.job.WorkerRole;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.training.TrainingJobKind;
import dev.mezzotint.training.recipe.TrainingLimits;
import dev.mezzotint.training.recipe.TrainingRequest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Role {@code control}: ends waiting jobs that are cancelled or late, removes orphaned objects, and
 * measures the backlog for the autoscaler. Needs no device. Thread-safe.
 */
final class ControlRole implements AutoCloseable {
  /** 120 to 190 MB of ids and deadlines; jobs beyond it end when a worker takes them. */
  private static final int GENERATION_MAX = 500_000;

  private static final int TRAINING_MAX = 50_000;

  /** Between the first two attempts of a webhook. */
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(2);

  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

  private final List<RequestTopicMonitor> tails = new CopyOnWriteArrayList<>();
  private final OrphanSweeper sweeper;
  private final Autoscaling autoscaling;
  private final Optional<WebhookDispatcher> webhooks;

  /** Starts at once. */
  ControlRole(WorkerConfig settings, Connections connections, InstantSource clock) {
    Optional<String> secret = webhookSecret(settings);
    // First, since it fails if its port is taken.
    this.autoscaling =
        new Autoscaling(
            settings, connections.kafka(), connections.topics(), connections::paused, this::ended);
    DeliverySettings delivery = DeliverySettings.of(settings.worker()).withClock(clock);
    tails.addAll(
        List.of(
            tail(
                connections,
                connections.topics(WorkerRole.GENERATION),
                GenerationJobKind.reader(
                    GenerationLimits.DEFAULT.withWebhooks(settings.webhookHosts())),
                delivery,
                GENERATION_MAX),
            tail(
                connections,
                connections.topics(WorkerRole.TRAINING),
                TrainingRequest.reader(
                    TrainingLimits.DEFAULT.withWebhooks(settings.webhookHosts())),
                delivery,
                TRAINING_MAX)));
    this.sweeper =
        new OrphanSweeper(
            connections.kafka(),
            new OrphanCleaner(connections.store(), TrainingJobKind::checkpointKeys),
            settings.sweepAfter(),
            InstantSource.system());
    this.webhooks =
        secret.map(
            key ->
                new WebhookDispatcher(
                    connections.kafka(),
                    settings.webhookHosts(),
                    new WebhookSender(key, InstantSource.system()),
                    new RetryPolicy(FIRST_PAUSE, LONGEST_PAUSE, settings.webhooks().retryLimit())));
  }

  /**
   * Reads the secret of webhooks; empty if they are off.
   *
   * @throws InvalidInputException if hosts are listed and there is no secret
   */
  static Optional<String> webhookSecret(WorkerConfig settings) {
    if (settings.webhookHosts().hosts().isEmpty()) {
      return Optional.empty();
    }
    WorkerConfig.Webhooks hooks = settings.webhooks();
    Optional<String> secret =
        HttpRole.secret(hooks.secret(), hooks.secretFile(), "mezzotint.webhook-secret-file");
    if (secret.isEmpty()) {
      throw new InvalidInputException(
          "mezzotint.webhook-secret",
          "MEZZOTINT_WEBHOOK_SECRET or MEZZOTINT_WEBHOOK_SECRET_FILE is missing: it is required"
              + " with MEZZOTINT_WEBHOOK_HOSTS");
    }
    WebhookSender.checkSecret(secret.get());
    return secret;
  }

  private static RequestTopicMonitor tail(
      Connections connections,
      List<String> topics,
      RequestReader<?> reader,
      DeliverySettings delivery,
      int capacity) {
    PendingJobTerminator ends =
        new PendingJobTerminator(
            reader, connections.store(), connections.events(), connections::cancelled, delivery);
    return new RequestTopicMonitor(
        connections.kafka(), topics, ends, connections::cancelled, delivery.clock(), capacity);
  }

  private long ended(String topic) {
    return tails.stream().mapToLong(tail -> tail.ended(topic)).sum();
  }

  Autoscaling autoscaling() {
    return autoscaling;
  }

  /** Sends webhooks; empty if they are off. */
  Optional<WebhookDispatcher> webhooks() {
    return webhooks;
  }

  /** Ends the job if it waits. */
  void cancel(String jobId) {
    tails.forEach(tail -> tail.cancelRequested(jobId));
  }

  @Override
  public void close() {
    autoscaling.close();
    tails.forEach(RequestTopicMonitor::close);
    sweeper.close();
    webhooks.ifPresent(WebhookDispatcher::close);
  }
}

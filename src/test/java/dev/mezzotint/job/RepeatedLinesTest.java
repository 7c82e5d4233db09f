package dev.mezzotint.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

class RepeatedLinesTest {
  private static final long MINUTE = 60_000_000_000L;
  private static final String NETWORK = "org.apache.kafka.clients.NetworkClient";

  private final RepeatedLines lines = new RepeatedLines();

  private boolean admits(Level level, String logger, String message, Object... parameters) {
    return admits(0, level, logger, message, parameters);
  }

  private boolean admits(
      long nanos, Level level, String logger, String message, Object... parameters) {
    LogRecord record = new LogRecord(level, message);
    record.setLoggerName(logger);
    record.setParameters(parameters);
    return lines.admits(record, nanos);
  }

  @Test
  void equalWarnings_areLoggedOnceInTenMinutes() {
    assertThat(admits(Level.WARNING, "a", "failed: {0}", "no broker")).isTrue();
    assertThat(admits(Level.WARNING, "a", "failed: {0}", "no broker")).isFalse();
    assertThat(admits(Level.WARNING, "a", "failed: {0}", "no topic")).isTrue();
    assertThat(admits(Level.SEVERE, "b", "failed: {0}", "no broker")).isTrue();
    assertThat(admits(9 * MINUTE, Level.WARNING, "a", "failed: {0}", "no broker")).isFalse();
    assertThat(lines.takeOmitted()).isEqualTo(2);
    assertThat(lines.takeOmitted()).isZero();
    assertThat(admits(11 * MINUTE, Level.WARNING, "a", "failed: {0}", "no broker")).isTrue();
  }

  @Test
  void warningsOfOneForm_areLoggedTenTimesInTenMinutes() {
    int logged = 0;
    for (int job = 0; job < 50; job++) {
      logged += admits(Level.WARNING, "a", "{0} handed back", "job " + job) ? 1 : 0;
    }
    assertThat(logged).isEqualTo(10);
    assertThat(lines.takeOmitted()).isEqualTo(40);
  }

  @Test
  void information_isAlwaysLogged() {
    for (int i = 0; i < 50; i++) {
      assertThat(admits(Level.INFO, "a", "done")).isTrue();
    }
    assertThat(lines.takeOmitted()).isZero();
  }

  @Test
  void lostConnectionsOfKafkasClients_areOnlyCounted_andTheLastIsKept() {
    assertThat(lines.lastConnection()).isEmpty();
    for (int lane = 0; lane < 14; lane++) {
      String line =
          "[ShareConsumer clientId=mezzotint-%d, groupId=mezzotint] Connection to node 1 (kafka-1/10.0.0.7:9092) could not be established. Node may not be available."
              .formatted(lane);
      assertThat(admits(Level.WARNING, NETWORK, line)).isFalse();
    }
    assertThat(lines.takeOmitted()).isEqualTo(14);
    assertThat(lines.lastConnection())
        .hasValueSatisfying(
            line -> assertThat(line).startsWith("Connection to node 1 (kafka-1/10.0.0.7:9092)"));
  }

  /** Otherwise it may come before the worker's own sentence about the outage. */
  @Test
  void laneThatCannotLeaveItsGroup_isOnlyCounted() {
    String line =
        "[ShareConsumer clientId=mezzotint-7, groupId=mezzotint] Heartbeat to leave group cannot be"
            + " sent (most probably due to coordinator not known/available). Member"
            + " GE4aCvjCRy2HzrJkzw_U7w with epoch -1 will transition to UNSUBSCRIBED.";
    String logger = "org.apache.kafka.clients.consumer.internals.ShareMembershipManager";
    assertThat(admits(Level.WARNING, logger, line)).isFalse();
    assertThat(lines.takeOmitted()).isEqualTo(1);
    assertThat(lines.lastConnection()).isEmpty();
  }

  @Test
  void memberThatAFullGroupRefuses_isOnlyCounted() {
    String line =
        "[ShareConsumer clientId=mezzotint-7, groupId=mezzotint] ShareGroupHeartbeatRequest failed"
            + " due to GROUP_MAX_SIZE_REACHED: The share group has reached its maximum capacity";
    String logger = "org.apache.kafka.clients.consumer.internals.ShareHeartbeatRequestManager";
    assertThat(admits(Level.SEVERE, logger, line)).isFalse();
    assertThat(lines.takeOmitted()).isEqualTo(1);
  }

  @Test
  void otherLinesOfKafkasClients_areLoggedOnceForAllClients() {
    String format = "[Consumer clientId=lane-%d, groupId=g] Offset commit failed on partition %d";
    String logger = "org.apache.kafka.clients.consumer.internals.ConsumerCoordinator";
    assertThat(admits(Level.SEVERE, logger, format.formatted(1, 0))).isTrue();
    assertThat(admits(Level.SEVERE, logger, format.formatted(2, 7))).isFalse();
    assertThat(admits(Level.SEVERE, logger, "[Consumer clientId=x] fenced")).isTrue();
    String fatal = " with epoch 0 transitioned to fatal state";
    assertThat(admits(Level.SEVERE, logger, "[x] Member N6VwfsCfQP23ZXjcyyW9pQ" + fatal)).isTrue();
    assertThat(admits(Level.SEVERE, logger, "[x] Member G2-mdP0XS7K7haYtHqRdSA" + fatal)).isFalse();
  }

  @Test
  void stackTracesOfKafkasClients_becomeTheirCause() {
    LogRecord record = new LogRecord(Level.SEVERE, "[Consumer clientId=x] Failed");
    record.setLoggerName("org.apache.kafka.clients.consumer.internals.ShareConsumerImpl");
    record.setThrown(
        new org.apache.kafka.common.errors.SslAuthenticationException(
            "handshake", new java.security.cert.CertificateExpiredException("NotAfter: Mon")));
    assertThat(lines.admits(record, 0)).isTrue();
    assertThat(record.getThrown()).isNull();
    assertThat(record.getMessage()).contains("Failed: ", "handshake", "NotAfter: Mon");
    LogRecord own = new LogRecord(Level.SEVERE, "failed");
    own.setLoggerName("a");
    own.setThrown(new IllegalStateException("here"));
    assertThat(lines.admits(own, 0)).isTrue();
    assertThat(own.getThrown()).isNotNull();
  }

  /** Each lane of a full group joins again and again, each time as another member. */
  @Test
  void linesOfKafkasClients_withMemberIds_areLoggedOnce() {
    String format =
        "[ShareConsumer clientId=mezzotint-%d, groupId=mezzotint] Member %s with epoch 0"
            + " transitioned to fatal state";
    String logger = "org.apache.kafka.clients.consumer.internals.ShareMembershipManager";
    String[] members = {
      "UTJ-0ZyxQFKmX2HGxPhk5Q", "b7BvX0cTSnq-QGBp1gVd_w", "sGn8Y_1fTMSqMNXL9V9JPA"
    };
    int logged = 0;
    for (int i = 0; i < members.length; i++) {
      logged += admits(Level.SEVERE, logger, format.formatted(i, members[i])) ? 1 : 0;
    }
    assertThat(logged).isEqualTo(1);
  }

  @Test
  void manyForms_doNotGrowTheMemory() {
    for (int form = 0; form < 2_000; form++) {
      assertThat(admits(Level.WARNING, "a", "form " + form)).isTrue();
    }
    assertThat(admits(Level.WARNING, "a", "form 1999")).isFalse();
    assertThat(admits(Level.WARNING, "a", "form 0")).as("forgotten").isTrue();
  }
}

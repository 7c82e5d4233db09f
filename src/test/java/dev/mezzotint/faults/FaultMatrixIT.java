package dev.mezzotint.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * The fault matrix: real workers, a real broker and a real store, each in a process of its own,
 * broken in every way that the contract names, and a checker that knows nothing of it.
 *
 * <p>The short form runs with every build; {@code ./mvnw verify -Dfaults=long
 * -Dit.test=FaultMatrixIT} runs the long one. The table is printed and is in {@code
 * target/fault-matrix.md} afterwards.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FaultMatrixIT {
  private static final int ROWS = 25;

  @TempDir private static Path folder;

  private static Matrix matrix;

  @BeforeAll
  static void open() throws Exception {
    matrix = new Matrix(folder, Path.of("target", "faults"));
  }

  @AfterAll
  static void close() throws Exception {
    if (matrix != null) {
      matrix.close();
    }
  }

  private static WorkerFaults workers() {
    return new WorkerFaults(matrix);
  }

  private static BrokerFaults brokers() {
    return new BrokerFaults(matrix);
  }

  private static StoreFaults stores() {
    return new StoreFaults(matrix);
  }

  private static QueueFaults queues() {
    return new QueueFaults(matrix);
  }

  @Test
  @Order(1)
  void killedBeforeStart() throws Exception {
    workers().killed("before start", Traps::beforeStart, 2, 4);
  }

  @Test
  @Order(2)
  void killedMidStep() throws Exception {
    workers().killed("mid-step", Traps::midStep, 4, 250);
  }

  @Test
  @Order(3)
  void killedAfterImages() throws Exception {
    workers().killed("after images", Traps::afterImages, 2, 4);
  }

  @Test
  @Order(4)
  void killedAfterManifest() throws Exception {
    workers().killed("after manifest before event", Traps::afterManifest, 2, 4);
  }

  @Test
  @Order(5)
  void killedAfterEvent() throws Exception {
    workers().killed("after event before acknowledge", Traps::afterEvent, 2, 4);
  }

  @Test
  @Order(6)
  void terminated() throws Exception {
    workers().terminated();
  }

  @Test
  @Order(7)
  void stoppedAndWoken() throws Exception {
    workers().zombie();
  }

  @Test
  @Order(8)
  void brokerRestarted() throws Exception {
    brokers().restarted();
  }

  @Test
  @Order(9)
  void brokerAway() throws Exception {
    brokers().away();
  }

  @Test
  @Order(10)
  void acknowledgementLost() throws Exception {
    brokers().lostAcknowledgements();
  }

  @Test
  @Order(11)
  void storeRefuses() throws Exception {
    stores().refuses();
  }

  @Test
  @Order(12)
  void storeHangs() throws Exception {
    stores().hangs();
  }

  @Test
  @Order(13)
  void storeCutsUploads() throws Exception {
    stores().cutsUploads();
  }

  @Test
  @Order(14)
  void storeLosesAnswers() throws Exception {
    stores().losesAnswers();
  }

  @Test
  @Order(15)
  void storeIsSlow() throws Exception {
    stores().isSlow();
  }

  @Test
  @Order(16)
  void storeHasNoRoom() throws Exception {
    stores().hasNoRoom();
  }

  @Test
  @Order(17)
  void clockJumps() throws Exception {
    queues().clockJumps();
  }

  @Test
  @Order(18)
  void twoWorkersRace() throws Exception {
    queues().twoWorkersRace();
  }

  @Test
  @Order(19)
  void duplicates() throws Exception {
    queues().duplicates();
  }

  @Test
  @Order(20)
  void longJobs() throws Exception {
    queues().longJobs();
  }

  @Test
  @Order(21)
  void killedTwelveTimesBeforeStart() throws Exception {
    workers().killedTwelveTimesBeforeStart();
  }

  @Test
  @Order(22)
  void killedTwelveTimesMidStep() throws Exception {
    workers().killedTwelveTimesMidStep();
  }

  @Test
  @Order(23)
  void handedBackTwelveTimes() throws Exception {
    workers().handedBackTwelveTimes();
  }

  @Test
  @Order(24)
  void killedWhileItCopies() throws Exception {
    workers().killedWhileItCopies();
  }

  @Test
  @Order(25)
  void killedAloneWithIdleLanes() throws Exception {
    workers().killedAloneWithIdleLanes();
  }

  @Test
  @Order(90)
  void theMatrixIsWhole() {
    assertThat(matrix.table().rows()).hasSizeGreaterThanOrEqualTo(ROWS);
    matrix.table().rows().forEach((fault, f) -> assertThat(f.sent()).as(fault).isPositive());
  }

  @Test
  @Order(91)
  void findsARecordAcceptedBeforeItsJobIsCommitted() throws Exception {
    new PlantedFaults(matrix).acceptedBeforeCommit();
  }

  @Test
  @Order(92)
  void findsWhatIsPlantedInBucketAndTopic() throws Exception {
    new PlantedFaults(matrix).inBucketAndTopic();
  }
}

package dev.mezzotint.faults;

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
 * -Dit.test=FaultMatrixIT} runs the long one. The table is printed and stands in {@code
 * target/fault-matrix.md} afterwards.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FaultMatrixIT {
  @TempDir private static Path folder;

  private static Matrix matrix;

  @BeforeAll
  static void open() throws Exception {
    matrix = new Matrix(folder, Path.of("target", "faults"));
  }

  @AfterAll
  static void close() throws Exception {
    matrix.close();
  }

  @Test
  @Order(1)
  void killedBeforeStart() throws Exception {
    new WorkerFaults(matrix).killed("before start", WorkerFaults::beforeStart, 2, 4);
  }

  @Test
  @Order(2)
  void killedMidStep() throws Exception {
    new WorkerFaults(matrix).killed("mid-step", WorkerFaults::midStep, 16, 100);
  }

  @Test
  @Order(3)
  void killedAfterImages() throws Exception {
    new WorkerFaults(matrix).killed("after images", WorkerFaults::afterImages, 2, 4);
  }

  @Test
  @Order(4)
  void killedAfterManifest() throws Exception {
    new WorkerFaults(matrix)
        .killed("after manifest before event", WorkerFaults::afterManifest, 2, 4);
  }

  @Test
  @Order(5)
  void killedAfterEvent() throws Exception {
    new WorkerFaults(matrix)
        .killed("after event before acknowledge", WorkerFaults::afterEvent, 2, 4);
  }
}

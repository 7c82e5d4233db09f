package dev.mezzotint.generation;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.mezzotint.delivery.FaultInjector;
import dev.mezzotint.files.FuzzedFiles;
import dev.mezzotint.image.FuzzedImages;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.model.ConditionPart;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Damaged images and zips as the conditions of jobs: each becomes a frame, or fails with its
 * reason, with bounded time and memory. {@code -Dmezzotint.fuzz=500} tries 2000 images and 500
 * zips.
 */
class FuzzedFramesTest extends FramesTestBase {
  private static final int FRAMES = 40;
  private static final long CPU_NANOS_MAX = 5_000_000_000L;

  /** All that a job allocates; a file in a zip may have 16 MiB and 16 million pixels. */
  private static final long ALLOCATED_BYTES_MAX = 400L << 20;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  FuzzedFramesTest() {
    sampler.put(model("photos", List.of(new ConditionPart("photo", ConditionPart.Kind.RGB, 3))));
  }

  private JobEvent run(int number) throws InterruptedException {
    String id = "job-" + number;
    long cpu = THREADS.getCurrentThreadCpuTime();
    long allocated = THREADS.getCurrentThreadAllocatedBytes();
    world
        .worker("w1", FaultInjector.Fault.NONE, sampler, Runnable::run)
        .handle(
            world.record(
                "{\"id\":\"%s\",\"model\":\"photos\",\"condition\":{\"zip\":\"clip.zip\",\"resize\":true}}"
                    .formatted(id)));
    assertThat(THREADS.getCurrentThreadCpuTime() - cpu).as(id).isLessThan(CPU_NANOS_MAX);
    assertThat(THREADS.getCurrentThreadAllocatedBytes() - allocated)
        .as(id)
        .isLessThan(ALLOCATED_BYTES_MAX);
    world.checkEnded(id);
    JobEvent end = world.log.ends(id).get(0);
    if (end.type() == JobEvent.Type.FAILED) {
      assertSentence(id, String.valueOf(end.data().get("cause")));
      assertThat(String.valueOf(end.data().get("cause"))).startsWith("condition");
    } else {
      assertThat(end.type()).as(id).isEqualTo(JobEvent.Type.COMPLETED);
      world.images(id).failedFrames().forEach(file -> assertSentence(id, file.cause()));
    }
    return end;
  }

  private static void assertSentence(String id, String cause) {
    assertThat(cause).as(id).doesNotContain("Exception", " null", "\n").isNotBlank();
  }

  @Test
  void damagedImages_becomeFramesOrFail() throws Exception {
    FuzzedImages fuzzed = new FuzzedImages(14);
    int failed = 0;
    int images = 4 * FuzzedFiles.COUNT / FRAMES * FRAMES;
    for (int job = 0; job < images / FRAMES; job++) {
      Map<String, byte[]> files = new LinkedHashMap<>();
      for (int i = 0; i < FRAMES; i++) {
        files.put("%02d.png".formatted(i), fuzzed.next().file());
      }
      put("clip.zip", zip(files));
      JobEvent end = run(job);
      if (end.type() == JobEvent.Type.FAILED) {
        assertThat(String.valueOf(end.data().get("cause")))
            .startsWith("condition: none of 40 could become a frame; the first is 00.png, which");
        failed += FRAMES;
      } else {
        int without = world.images("job-" + job).failedFrames().size();
        assertThat(world.images("job-" + job).images()).hasSize(FRAMES - without);
        failed += without;
      }
    }
    // Neither all nor none: mutations of metadata and lossy samples are valid images.
    assertThat(failed).isBetween(images / 2, images - images / 20);
  }

  @Test
  void damagedZips_becomeJobsOrFailThem() throws Exception {
    List<byte[]> zips = FuzzedFiles.zips(15);
    int failed = 0;
    for (int job = 0; job < zips.size(); job++) {
      put("clip.zip", zips.get(job));
      JobEvent end = run(job);
      if (end.type() == JobEvent.Type.FAILED) {
        assertThat(String.valueOf(end.data().get("cause")))
            .matches("condition: (object clip\\.zip|none of \\d+ could become a frame;) .*");
        failed++;
      }
    }
    assertThat(failed).isBetween(1, zips.size() - 1);
  }
}

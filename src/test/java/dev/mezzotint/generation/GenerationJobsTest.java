package dev.mezzotint.generation;

import static dev.mezzotint.generation.World.again;
import static dev.mezzotint.generation.World.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.delivery.Crash;
import dev.mezzotint.delivery.FaultInjector;
import dev.mezzotint.delivery.GeneratedImages;
import dev.mezzotint.delivery.JobRecord;
import dev.mezzotint.delivery.Manifest;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.PngText;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.sampling.NoiseSampler;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.Sha256;
import dev.mezzotint.storage.StorageException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GenerationJobsTest {
  private final World world = new World();

  @Test
  void completesAJob_withImagesManifestAndEvents() throws Exception {
    assertThat(
            world.deliver(request("a", "\"count\":3,\"seed\":7,\"steps\":5,\"sampler\":\"heun\"")))
        .isEqualTo(Settlement.ACCEPT);

    world.checkEnded("a");
    assertThat(world.log.types("a")).containsExactly("accepted", "started", "completed");
    assertThat(world.log.deadLetters()).isEmpty();
    Manifest manifest = world.manifest("a");
    assertThat(manifest.attempt()).isEqualTo(1);
    GeneratedImages images = World.images(manifest);
    assertThat(images.settings().orElseThrow().model()).isEqualTo("tiny@1");
    assertThat(images.settings().orElseThrow().sampler()).isEqualTo("heun");
    assertThat(images.settings().orElseThrow().steps()).isEqualTo(5);
    assertThat(images.images())
        .extracting(GeneratedImages.Image::key)
        .containsExactly(
            "jobs/a/images/00000.png", "jobs/a/images/00001.png", "jobs/a/images/00002.png");
    assertThat(images.images()).extracting(GeneratedImages.Image::seed).containsOnly(7L);
    assertThat(images.images())
        .extracting(GeneratedImages.Image::noiseIndex)
        .containsExactly(0, 1, 2);
    assertThat(world.store.list("jobs/a/")).hasSize(5);
    JobEvent end = world.log.ends("a").get(0);
    assertThat(end.data()).containsEntry("images", 3).containsEntry("model", "tiny@1");
    assertThat(end.id()).matches("a/completed/[0-9a-f]{16}");
  }

  /** The sampler of this test has no directions: images end as the noise they began with. */
  @Test
  void interpolation_goesFromTheNoiseOfOneSeedToThatOfAnother_andMakesAClip() throws Exception {
    world.deliver(request("a", "\"interpolate\":{\"from\":3,\"to\":7,\"frames\":3}"));
    float[][] noise = new float[3][3 * 16];
    Noise.gaussian(3, 0, noise[0], 0, 48);
    Noise.gaussian(7, 0, noise[2], 0, 48);
    Noise.slerp(noise[0], noise[2], 0.5, noise[1]);
    List<GeneratedImages.Image> images = world.images("a").images();
    assertThat(images).hasSize(3);
    for (int i = 0; i < 3; i++) {
      byte[] file = world.store.get(images.get(i).key()).orElseThrow().bytes();
      assertThat(ImageReader.read(file, 3).bytes())
          .isEqualTo(Pixels.fromChw(noise[i], 0, 3, 4, 4).bytes());
      assertThat(PngText.find(file, ImageSettings.KEYWORD).orElseThrow()).doesNotContain("seed");
    }
    assertThat(world.images("a").settings().orElseThrow().interpolate())
        .contains(new GeneratedImages.Interpolation(3, 7));
    assertThat(world.images("a").clip()).isPresent();
    world.deliver(
        request(
            "b", "\"interpolate\":{\"from\":3,\"to\":7,\"frames\":3},\"output\":{\"clip\":false}"));
    assertThat(world.images("b").clip()).isEmpty();
  }

  @Test
  void usesTheModelsDefaults() throws Exception {
    world.deliver(request("a", ""));
    GeneratedImages.Settings settings = world.images("a").settings().orElseThrow();
    assertThat(settings.sampler()).isEqualTo("ab2");
    assertThat(settings.steps()).isEqualTo(4);
    assertThat(settings.schedule()).isEqualTo("uniform");
    assertThat(world.images("a").images()).hasSize(1);
    assertThat(world.images("a").images().get(0).seed()).isZero();
  }

  @Test
  void oneImage_takesThreeCallsOfTheStore() throws Exception {
    List<String> calls = new ArrayList<>();
    FaultInjector.Fault count =
        (after, call, subject) -> {
          if (!after && !call.equals("publish")) {
            calls.add(call + " " + subject);
          }
        };
    world.worker("w1", count).handle(world.record(request("a", "")));
    assertThat(calls)
        .containsExactly(
            "create jobs/a/job.json",
            "create jobs/a/images/00000.png",
            "create jobs/a/manifest.json");
  }

  @Test
  void sameRequestTwice_givesOneManifestAndOneEvent() throws Exception {
    String json = request("a", "\"count\":2");
    world.deliver(json);
    int written = world.store.writes().size();
    int submitted = world.sampling.submitted.get();

    assertThat(world.deliver("  " + json.replace(",", " , "))).isEqualTo(Settlement.ACCEPT);

    assertThat(world.store.writes()).hasSize(written);
    assertThat(world.sampling.submitted.get()).isEqualTo(submitted);
    assertThat(world.log.ends("a")).hasSize(2);
    world.checkEnded("a");
  }

  @Test
  void sameRequest_inAnotherBucket_givesTheSameBytes() throws Exception {
    String json = request("a", "\"count\":4,\"seed\":3,\"output\":{\"grid\":true}");
    world.deliver(json);
    World other = new World();
    other.worker("w2", FaultInjector.Fault.NONE).handle(other.record(json));
    for (String key : world.store.list("jobs/a/images/")) {
      assertThat(other.store.get(key).orElseThrow().bytes())
          .isEqualTo(world.store.get(key).orElseThrow().bytes());
    }
    assertThat(other.store.get(Keys.grid("a")).orElseThrow().bytes())
        .isEqualTo(world.store.get(Keys.grid("a")).orElseThrow().bytes());
  }

  @Test
  void listedSeed_givesTheFirstImageOfThatSeed() throws Exception {
    world.deliver(request("listed", "\"seeds\":[5,9]"));
    world.deliver(request("counted", "\"seed\":9,\"count\":2"));
    byte[] second = image("listed", 1);
    assertThat(second).isEqualTo(image("counted", 0)).isNotEqualTo(image("counted", 1));
  }

  private byte[] image(String job, int index) {
    return world.store.get(Keys.image(job, index)).orElseThrow().bytes();
  }

  @Test
  void images_holdTheSettingsOfTheRequest() throws Exception {
    world.deliver(request("a", "\"seed\":9,\"count\":2,\"steps\":3,\"sampler\":\"heun\""));
    ImageSettings settings = ImageSettings.find(image("a", 1)).orElseThrow();
    assertThat(settings.model()).isEqualTo(NoiseSampler.TINY.reference());
    assertThat(settings.seed()).hasValue(9);
    assertThat(settings.index()).isEqualTo(1);
    assertThat(settings.steps()).isEqualTo(3);
    assertThat(settings.sampler()).isEqualTo("heun");
    assertThat(settings.inputs()).isEmpty();
  }

  @Test
  void grid_containsEveryStoredImage() throws Exception {
    world.deliver(request("a", "\"count\":4,\"output\":{\"grid\":true}"));
    byte[] grid = world.store.get(Keys.grid("a")).orElseThrow().bytes();
    assertThat(world.images("a").grid().orElseThrow().sha256()).isEqualTo(Sha256.sha256(grid));
    Pixels pixels = ImageReader.read(grid, 3);
    assertThat(pixels.width()).isGreaterThanOrEqualTo(8);
    assertThat(world.log.ends("a").get(0).data()).containsEntry("grid", "jobs/a/grid.png");
    world.checkEnded("a");
  }

  @Test
  void storedImage_wins_andTheManifestListsItsHash() throws Exception {
    byte[] earlier = Encoding.png(new float[48], NoiseSampler.TINY);
    world.store.create(Keys.image("a", 1), earlier, "image/png");
    world.deliver(request("a", "\"count\":2,\"output\":{\"grid\":true}"));
    world.checkEnded("a");
    assertThat(world.images("a").images().get(1).sha256()).isEqualTo(Sha256.sha256(earlier));
  }

  @Test
  void submitsManyImagesInPortions() throws Exception {
    world.deliver(request("a", "\"count\":700"));
    assertThat(world.images("a").images()).hasSize(700);
    assertThat(world.sampling.submitted.get()).isEqualTo(700);
    assertThat(world.store.list("jobs/a/images/")).hasSize(700);
  }

  @Test
  void redelivery_keepsTheResolvedVersionOfLatest() throws Exception {
    Delivery first = world.record("{\"id\":\"a\",\"model\":\"tiny@latest\"}");
    Crash crash = new Crash(3, /* after= */ true);
    assertThat(crash.kills(world.worker("w1", crash), first)).isTrue();
    world.sampling.put(NoiseSampler.model("tiny", "2"));

    world.worker().handle(again(first));

    assertThat(world.images("a").settings().orElseThrow().model()).isEqualTo("tiny@1");
    world.checkEnded("a");
  }

  @Test
  void jobThatKillsEveryWorker_failsAfterFiveAttempts() throws Exception {
    Delivery delivery = world.record(request("a", ""));
    for (int i = 0; i < 5; i++) {
      FaultInjector.Fault crash = Crash.at("create", Keys.image("a", 0));
      assertThat(Crash.kills(world.worker("w" + i, crash), delivery, crash)).isTrue();
      delivery = again(delivery);
    }
    assertThat(world.jobRecord("a").attempts()).isEqualTo(5);
    assertThat(world.log.ends("a")).isEmpty();

    assertThat(world.worker().handle(delivery)).isEqualTo(Settlement.ACCEPT);

    world.checkEnded("a");
    JobEvent end = world.log.ends("a").get(0);
    assertThat(end.type()).isEqualTo(JobEvent.Type.FAILED);
    assertThat(end.data().get("cause"))
        .isEqualTo("given up after 5 attempts that ended without a result, the last on worker w4");
    assertThat(world.log.deadLetters()).hasSize(1);
  }

  @Test
  void jobWhoseAttemptsAllFail_endsWithTheCauseOfTheLast() throws Exception {
    Delivery delivery = world.record(request("a", ""));
    for (int i = 0; i < 5; i++) {
      String answer = "the store answers 500 about image " + i;
      FaultInjector.Fault fault =
          (after, call, subject) -> {
            if (subject.equals(Keys.image("a", 0))) {
              throw new StorageException(answer);
            }
          };
      assertThat(world.worker("w" + i, fault).handle(delivery)).isEqualTo(Settlement.RELEASE);
      delivery = again(delivery);
    }

    assertThat(world.worker().handle(delivery)).isEqualTo(Settlement.ACCEPT);

    world.checkEnded("a");
    assertThat(world.log.ends("a").get(0).data().get("cause"))
        .isEqualTo(
            "given up after 5 attempts that ended without a result, the last on worker w4: the"
                + " store answers 500 about image 4");
  }

  @Test
  void duplicates_doNotUseUpAJobsAttempts() throws Exception {
    String json = request("a", "");
    Delivery first = world.record(json);
    FaultInjector.Fault crash = Crash.at("create", Keys.image("a", 0));
    assertThat(Crash.kills(world.worker("w0", crash), first, crash)).isTrue();
    // Twenty more submissions, each of which dies once on its first delivery.
    for (int i = 0; i < 20; i++) {
      FaultInjector.Fault again = Crash.at("create", Keys.image("a", 0));
      assertThat(Crash.kills(world.worker("w" + i, again), world.record(json), again)).isTrue();
    }
    assertThat(world.worker().handle(again(first))).isEqualTo(Settlement.ACCEPT);
    assertThat(world.log.ends("a").get(0).type()).isEqualTo(JobEvent.Type.COMPLETED);
    assertThat(world.jobRecord("a").history()).hasSize(JobRecord.HISTORY_MAX);
    world.checkEnded("a");
  }

  @Test
  void cancelledJob_endsWithoutWork() throws Exception {
    world.cancelled.add("a");
    Delivery delivery = world.record(request("a", "\"count\":3"));
    assertThat(world.worker().handle(delivery)).isEqualTo(Settlement.ACCEPT);
    assertThat(world.log.types("a")).containsExactly("cancelled");
    assertThat(world.log.deadLetters()).isEmpty();
    assertThat(world.sampling.submitted.get()).isZero();
    world.cancelled.clear(); // the terminal state is final
    assertThat(world.worker().handle(again(delivery))).isEqualTo(Settlement.ACCEPT);
    assertThat(world.log.types("a")).containsExactly("cancelled", "cancelled");
    world.checkEnded("a");
  }

  @Test
  void finishedJob_cannotBeCancelled() throws Exception {
    Delivery delivery = world.record(request("a", "\"count\":1"));
    assertThat(world.worker().handle(delivery)).isEqualTo(Settlement.ACCEPT);
    world.cancelled.add("a");
    assertThat(world.worker().handle(again(delivery))).isEqualTo(Settlement.ACCEPT);
    assertThat(world.log.ends("a").get(0).type()).isEqualTo(JobEvent.Type.COMPLETED);
    world.checkEnded("a");
  }

  @Test
  void passedDeadline_expiresTheJobWithoutWork() throws Exception {
    assertThat(world.deliver(request("a", "\"deadline\":\"2026-11-22T11:59:59Z\"")))
        .isEqualTo(Settlement.ACCEPT);
    assertThat(world.log.types("a")).containsExactly("expired");
    assertThat(world.log.deadLetters()).isEmpty();
    assertThat(world.sampling.submitted.get()).isZero();
    world.checkEnded("a");
  }

  @Test
  void completedJob_staysCompletedAfterItsDeadline() throws Exception {
    Delivery delivery = world.record(request("a", "\"deadline\":\"2026-11-22T13:00:00+00:00\""));
    world.worker().handle(delivery);
    world.time.set(World.START.plusSeconds(100_000));
    world.worker().handle(again(delivery));
    assertThat(world.log.ends("a")).hasSize(2);
    assertThat(world.log.ends("a").get(0).type()).isEqualTo(JobEvent.Type.COMPLETED);
    world.checkEnded("a");
  }

  @Test
  void unreadableJobRecord_rejectsTheRecord() throws Exception {
    world.store.put(Keys.jobRecord("a"), "garbage".getBytes(), "application/json");
    assertThat(world.deliver(request("a", ""))).isEqualTo(Settlement.ACCEPT);
    assertThat(world.log.types("a")).containsExactly("rejected");
    assertThat(world.log.deadLetters().get(0).cause()).startsWith("jobs/a/job.json is unreadable");
  }

  @Test
  void unreadableManifest_rejectsTheRecord() throws Exception {
    world.store.put(Keys.manifest("a"), "{}".getBytes(), "application/json");
    assertThat(world.deliver(request("a", ""))).isEqualTo(Settlement.ACCEPT);
    assertThat(world.log.ends("a")).isEmpty();
    assertThat(world.log.deadLetters().get(0).cause())
        .startsWith("jobs/a/manifest.json is unreadable");
  }

  @Test
  void redeliveredFailedJob_keepsItsEvent_andIsDeadLetteredAgain() throws Exception {
    Delivery delivery = world.record(request("a", "\"steps\":0"));
    world.worker().handle(delivery);
    world.worker().handle(again(delivery));
    assertThat(world.log.ends("a")).hasSize(2);
    assertThat(world.log.deadLetters()).hasSize(2);
    world.checkEnded("a");
  }

  @Test
  void events_ofALaterAttempt_haveGreaterNumbers() throws Exception {
    Delivery delivery = world.record(request("a", ""));
    FaultInjector.Fault crash = Crash.at("create", Keys.manifest("a"));
    assertThat(Crash.kills(world.worker("w0", crash), delivery, crash)).isTrue();
    world.worker().handle(again(delivery));
    Map<String, Long> sequences = new java.util.TreeMap<>();
    world.log.events("a").forEach(e -> sequences.put(e.id(), e.sequence()));
    assertThat(sequences)
        .containsEntry("a/accepted", 1_000_001L)
        .containsEntry("a/started/1", 1_000_002L)
        .containsEntry("a/started/2", 2_000_002L)
        .containsEntry(world.log.ends("a").get(0).id(), 2_999_999L);
  }

  @Test
  void images_doNotDependOnTheCount() throws Exception {
    world.deliver(request("many", "\"count\":9,\"seed\":4"));
    world.deliver(request("one", "\"count\":1,\"seed\":4"));
    assertThat(image("one", 0)).isEqualTo(image("many", 0));
    Set<String> different = new HashSet<>();
    for (int i = 0; i < 9; i++) {
      byte[] pixels = ImageReader.read(image("many", i), 3).bytes();
      different.add(Sha256.sha256(pixels));
    }
    assertThat(different).hasSize(9);
  }
}

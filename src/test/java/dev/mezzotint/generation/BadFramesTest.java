package dev.mezzotint.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.job.JobEvent;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Invalid conditions fail by name, without affecting others. */
class BadFramesTest extends FramesTestBase {

  @Test
  void invalidFile_failsOnlyItsOwnFrame() throws Exception {
    byte[] good = map(ROAD);
    byte[] wrongCrc = good.clone();
    wrongCrc[wrongCrc.length - 20] ^= 1;
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("01-good.png", good);
    files.put("02-colour.png", map(0x123456));
    files.put("03-size.png", map(ROAD, SKY, 5));
    files.put("04-corrupt.png", wrongCrc);
    files.put("05-short.png", Arrays.copyOf(good, 40));
    files.put("06-text.png", "no image".getBytes(StandardCharsets.UTF_8));
    files.put("07-bomb.png", new byte[8 << 20]);
    files.put("08-large.png", new byte[17 << 20]);
    files.put("../09-out.png", good);
    files.put("10-twice.jpg", good);
    files.put("10-twice.png", good);
    files.put("11-renamed.txt", good);
    files.put("n".repeat(250) + ".png", good);
    put("clip.zip", zip(files));
    JobEvent end = run("\"condition\":{\"zip\":\"clip.zip\"}");
    assertThat(end.type()).isEqualTo(JobEvent.Type.COMPLETED);
    assertThat(end.data()).containsEntry("images", 3).containsEntry("failedFrames", 10);
    assertThat(keys())
        .containsExactly(
            "jobs/a/images/01-good.png",
            "jobs/a/images/10-twice.png",
            "jobs/a/images/11-renamed.png");
    Map<String, String> failures = failures();
    assertThat(failures).hasSize(10);
    assertThat(failures.get("02-colour.png"))
        .contains("#123456 at pixel (0, 0)", "the nearest is ");
    assertThat(failures.get("03-size.png")).isEqualTo("is 5x5 pixels: model streets@1 takes 4x4");
    assertThat(failures.get("04-corrupt.png")).contains("is a broken PNG");
    assertThat(failures.get("05-short.png")).contains("is a broken PNG");
    assertThat(failures.get("06-text.png")).contains("neither a PNG nor a JPEG");
    assertThat(failures.get("07-bomb.png")).contains("more than 100 times as much");
    assertThat(failures.get("08-large.png")).contains("at most 16777216 are allowed");
    assertThat(failures.get("../09-out.png")).contains("relative path without '..'");
    assertThat(failures.get("10-twice.png")).contains("the same name except for the extension");
    assertThat(world.store.list("jobs/a/"))
        .containsExactly(
            "jobs/a/images/01-good.png",
            "jobs/a/images/10-twice.png",
            "jobs/a/images/11-renamed.png",
            "jobs/a/job.json",
            "jobs/a/manifest.json");
  }

  @Test
  void zipEntry_thatDoesNotMatchItsChecksum_failsItsFrame() throws Exception {
    clip("1.png", "2.png");
    byte[] zip = world.store.get("clip.zip").orElseThrow().bytes();
    int image = new String(zip, StandardCharsets.ISO_8859_1).indexOf("\u0089PNG");
    zip[image + 25] ^= 1;
    put("clip.zip", zip);
    run("\"condition\":{\"zip\":\"clip.zip\"}");
    assertThat(failures())
        .containsExactly(
            Map.entry("1.png", "does not unpack to the size and checksum that the zip declares"));
  }

  @Test
  void strict_failsTheJobWithTheFirstInvalidFile() throws Exception {
    put("clip.zip", zip(new LinkedHashMap<>(Map.of("1.png", map(7)))));
    JobEvent end = run("\"strict\":true,\"condition\":{\"zip\":\"clip.zip\"}");
    assertThat(end.type()).isEqualTo(JobEvent.Type.FAILED);
    assertThat(String.valueOf(end.data().get("cause")))
        .startsWith("condition: 1.png: has the colour #000007 at pixel (0, 0)");
  }

  @Test
  void jobWithoutAnyValidFrame_fails() throws Exception {
    JobEvent end = run("\"condition\":[\"in/1.png\",\"in/2.png\"]");
    assertThat(end.type()).isEqualTo(JobEvent.Type.FAILED);
    assertThat(end.data())
        .containsEntry("field", "condition")
        .containsEntry(
            "cause",
            "condition: none of 2 could become a frame; the first is 1.png, which failed:"
                + " there is no object in/1.png in the bucket");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"zip\":\"gone.zip\"} | condition | there is no object gone.zip",
        "{\"zip\":\"text.zip\"} | condition | object text.zip is not a zip",
        "{\"zip\":\"empty.zip\"} | condition | object empty.zip holds no files",
        "{\"zip\":\"long.zip\"} | condition | object long.zip lists far more files than",
        "{\"zip\":{\"key\":\"text.zip\",\"size\":7}} | condition | has 4 bytes, not the 7",
        "{\"prefix\":\"nowhere/\"} | condition | no object in the bucket whose key begins with",
        "{\"parts\":{\"depth\":\"d.png\"}} | condition.parts.depth | is not for model streets@1",
        "\"text.zip\",\"variations\":2 | condition | object text.zip is neither a PNG",
      })
  void invalidSource_failsTheJob(String condition, String field, String cause) throws Exception {
    put("text.zip", "text".getBytes(StandardCharsets.UTF_8));
    byte[] empty = zip(Map.of("__MACOSX/a", new byte[1]));
    put("empty.zip", empty);
    byte[] longer = empty.clone();
    longer[longer.length - 7] = 127; // the size of the directory, in the record at the end
    put("long.zip", longer);
    JobEvent end = run("\"condition\":" + condition);
    assertThat(end.type()).isEqualTo(JobEvent.Type.FAILED);
    assertThat(end.data()).containsEntry("field", field);
    assertThat(String.valueOf(end.data().get("cause"))).contains(cause);
  }
}

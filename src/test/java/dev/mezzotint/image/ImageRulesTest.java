package dev.mezzotint.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Stream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;

/** Runs each line of the tables "Images that are read" in docs/models.md. */
class ImageRulesTest {
  private static final String JPEG = "rgb-s2-p0-q75.jpg";
  private final Map<String, Executable> lines = new LinkedHashMap<>();

  ImageRulesTest() {
    lines.put(
        "PNG: grey, RGB, palette; 1, 2, 4, 8, 16 bits; interlaced",
        () -> exact(31, name -> name.matches("(raw-c[023]-.*-t0|mode-[^A]*)\\.png")));
    lines.put(
        "PNG: alpha, transparent colour, transparent palette",
        () ->
            exact(
                33, name -> name.matches("(raw-c[46].*|raw-.*-t1|mode-(LA|RGBA)|p-trns)\\.png")));
    lines.put("animated PNG", () -> exact(1, "animated.png"::equals));
    lines.put(
        "JPEG: baseline and progressive; grey, RGB, YCbCr",
        () -> exact(11, name -> name.matches("(rgb|grey|grey-prog|keeprgb|nojfif|ids012).*jpg")
            && !name.startsWith("greyprofile")));
    lines.put("JPEG: CMYK, YCCK", this::cmyk);
    lines.put(
        "WebP: lossy, lossless, alpha", () -> exact(12, name -> name.startsWith("webp")));
    lines.put(
        "EXIF orientation in JPEG, WebP, PNG",
        () -> {
          exact(24, name -> name.startsWith("orient"));
          assertThat(ImageReader.size(ReferenceImages.file("orient6.webp")))
              .containsExactly(17, 24);
          assertThat(ImageReader.size(ReferenceImages.file("orient3.png"))).containsExactly(24, 17);
        });
    lines.put("ICC profile for RGB, grey, CMYK, in JPEG, WebP, PNG", this::profiles);
    lines.put("label map with a profile", this::labelMap);
    lines.put("PNG: gAMA, cHRM", this::gamma);
    lines.put("file cut short at any byte", this::cutShort);
    lines.put("wrong checksum or damaged data", this::damaged);
    lines.put("broken profile, or one for other colours than the image's", this::wrongProfiles);
    lines.put("PNG: colours by cICP other than sRGB, without a profile", this::codePoints);
    lines.put("JPEG: 12 bits, lossless, arithmetic, hierarchical", this::otherCoding);
    lines.put("JPEG: 2 or more than 4 components, unknown Adobe transform", this::otherColours);
    lines.put("JPEG: more scans than 16 × 33 million pixels allow", this::manyScans);
    lines.put(
        "animated WebP",
        () ->
            refused(
                ReferenceImages.file("animated.webp"),
                "is a WebP file with an animation: still images are read"));
    lines.put(
        "GIF, BMP, TIFF, HEIC, AVIF, JPEG XL, JPEG 2000, Photoshop, OpenEXR, HDR, QOI, ICO, DDS,"
            + " PNM, PDF, zip, gzip, HTML, SVG",
        this::otherFormats);
    lines.put(
        "pointer of git-lfs",
        () ->
            refused(
                latin("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
                "is a pointer of git-lfs, not the file itself: run git lfs pull"));
    lines.put("too many pixels", this::tooLarge);
  }

  @TestFactory
  Stream<DynamicTest> everyLineOfTheTables_isTrue() throws IOException {
    String text = Files.readString(Path.of("docs/models.md"));
    int from = text.indexOf("## Images that are read");
    List<String> documented =
        text.substring(from, text.indexOf("\n## ", from + 1))
            .lines()
            .filter(line -> line.startsWith("| ") && !line.contains("how they are read"))
            .filter(line -> !line.startsWith("| refused |"))
            .map(line -> line.split("\\|", 3)[1].strip())
            .toList();
    assertThat(documented).containsExactlyElementsOf(lines.keySet());
    return lines.entrySet().stream().map(e -> DynamicTest.dynamicTest(e.getKey(), e.getValue()));
  }

  private static void exact(int count, Predicate<String> wanted) throws IOException {
    List<String> names = ReferenceImages.names(wanted);
    assertThat(names).hasSize(count);
    for (String name : names) {
      within(0, name);
    }
  }

  private static void within(int tolerance, String name) throws IOException {
    Pixels read = ImageReader.read(ReferenceImages.file(name), 3);
    Pixels expected = ReferenceImages.expected(name);
    assertThat(read.width()).as(name).isEqualTo(expected.width());
    assertThat(read.height()).as(name).isEqualTo(expected.height());
    for (int i = 0; i < read.bytes().length; i++) {
      assertThat(Math.abs((read.bytes()[i] & 0xFF) - (expected.bytes()[i] & 0xFF)))
          .as("%s, sample %d", name, i)
          .isLessThanOrEqualTo(tolerance);
    }
  }

  private void cmyk() throws IOException {
    exact(
        4,
        List.of("cmyk.jpg", "cmyk-noadobe.jpg", "cmyk-progressive.jpg", "ycck.jpg")::contains);
    within(2, "cmyk-icc.jpg");
    assertThat(average(ImageReader.readLabelMap(ReferenceImages.file("cmyk-icc.jpg"), 1000)))
        .isNotCloseTo(
            average(ReferenceImages.expected("cmyk-icc.jpg")),
            org.assertj.core.data.Offset.offset(3.0));
  }

  private static double average(Pixels pixels) {
    long sum = 0;
    for (byte sample : pixels.bytes()) {
      sum += sample & 0xFF;
    }
    return (double) sum / pixels.bytes().length;
  }

  private void profiles() throws IOException {
    List<String> names =
        ReferenceImages.names(name -> name.matches("(p3|adobe|srgb|greyprofile).*"));
    assertThat(names).hasSizeGreaterThanOrEqualTo(18);
    for (String name : names) {
      within(name.startsWith("srgb") ? 0 : 1, name);
    }
    Pixels converted = ImageReader.read(ReferenceImages.file("p3.png"), 3);
    Pixels stored = ImageReader.readLabelMap(ReferenceImages.file("p3.png"), 1000);
    assertThat(converted.bytes()).isNotEqualTo(stored.bytes());
  }

  private void labelMap() throws IOException {
    byte[] map = profiled(iccOf("p3.png"), 2, 0, 200, 60, 40, 0, 255, 0);
    assertThat(ImageReader.readLabelMap(map, 2).bytes())
        .containsExactly(200, 60, 40, 0, 255, 0);
    assertThat(ImageReader.read(map, 3).bytes()[0] & 0xFF).isBetween(216, 221);
    byte[] broken = profiled(new byte[] {1, 2, 3}, 2, 0, 200, 60, 40, 0, 255, 0);
    assertThat(ImageReader.readLabelMap(broken, 2).bytes())
        .containsExactly(200, 60, 40, 0, 255, 0);
    Pixels turned = ImageReader.readLabelMap(ReferenceImages.file("orient6.png"), 1000);
    assertThat(turned.bytes()).isEqualTo(ReferenceImages.expected("orient6.png").bytes());
  }

  private void gamma() throws IOException {
    byte[] file =
        new RawPng(1, 1, 8, 2)
            .chunk("gAMA", new byte[] {0, 1, (byte) 0x86, (byte) 0xA0})
            .chunk("cHRM", new byte[32])
            .rows(0, 10, 20, 30);
    assertThat(ImageReader.read(file, 3).bytes()).containsExactly(10, 20, 30);
  }

  private void cutShort() throws IOException {
    List<String> names =
        List.of(
            "mode-RGBA.png", "p3-palette.png", "raw-c0-d16-i1-5x17-t1.png", JPEG,
            "rgb-s1-p1-q75.jpg", "cmyk-progressive.jpg", "orient6.jpg", "p3.jpg", "orient6.webp",
            "p3-alpha.webp", "adobe.webp", "animated.png");
    for (String name : names) {
      allCutsRefused(name, ReferenceImages.file(name), 1);
    }
    for (String name : ReferenceImages.names(name -> name.startsWith("webp"))) {
      allCutsRefused(name, ReferenceImages.file(name), 3);
    }
    allCutsRefused("noise", noisyJpeg(false), 211);
    allCutsRefused("progressive noise", noisyJpeg(true), 211);
  }

  private static void allCutsRefused(String name, byte[] file, int step) throws IOException {
    ImageReader.read(file, 3);
    for (int length = file.length - 1; length >= 0; length -= step) {
      byte[] cut = Arrays.copyOf(file, length);
      assertThatThrownBy(() -> ImageReader.read(cut, 3))
          .as("%s cut at %d of %d", name, length, file.length)
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith("is ");
    }
  }

  private void damaged() {
    byte[] png = ReferenceImages.file("mode-RGB.png");
    for (int at = 8; at < png.length; at++) {
      byte[] flipped = png.clone();
      flipped[at] ^= 4;
      assertThatThrownBy(() -> ImageReader.read(flipped, 3))
          .as("byte %d", at)
          .isInstanceOf(IOException.class);
    }
    byte[] zlib = RawPng.deflated(new byte[] {0, 9, 0, 9});
    zlib[zlib.length - 1] ^= 1;
    refused(
        new RawPng(1, 2, 8, 0).chunk("IDAT", zlib).chunk("IEND").bytes(),
        "is a broken PNG file: its image data cannot be unpacked: incorrect data check");
    refused(
        new RawPng(1, 2, 8, 0).rows(0, 9), "is a broken PNG file: its image data is too short");
    refused(
        new RawPng(1, 2, 8, 0).rows(0, 9, 0, 9, 0),
        "is a broken PNG file: its image data is too long");
    refused(
        new RawPng(1, 1, 8, 3).chunk("PLTE", new byte[6]).rows(0, 2),
        "is a broken PNG file: it has a colour that its palette lacks");
    byte[] half = ReferenceImages.file(JPEG);
    byte[] ended = Arrays.copyOf(half, half.length * 3 / 4);
    ended[ended.length - 2] = (byte) 0xFF;
    ended[ended.length - 1] = (byte) 0xD9;
    refused(
        ended, "is a broken JPEG file: Corrupt JPEG data: premature end of data segment");
    byte[] webp = ReferenceImages.file("adobe.webp");
    webp[indexOf(webp, "VP8L") + 8] ^= 1; // the signature of the image data
    assertThatThrownBy(() -> ImageReader.read(webp, 3))
        .hasMessageStartingWith("is a broken WebP file: ");
  }

  private void wrongProfiles() throws IOException {
    refused(
        profiled("not a profile".getBytes(StandardCharsets.US_ASCII), 1, 0, 1, 2, 3),
        "is a PNG file with a broken colour profile; it can be read without: ");
    refused(
        profiled(iccOf("greyprofile.png"), 1, 0, 1, 2, 3),
        "is a PNG file with RGB samples and a colour profile for \"GRAY\"");
    byte[] jpeg = ReferenceImages.file("p3.jpg");
    jpeg[indexOf(jpeg, "ICC_PROFILE") + 13] = 2; // of two parts
    refused(jpeg, "is a broken JPEG file: parts of its colour profile are missing");
  }

  private void codePoints() throws IOException {
    byte[] hdr = new RawPng(1, 1, 8, 0).chunk("cICP", new byte[] {9, 16, 0, 1}).rows(0, 7);
    refused(hdr, "is a PNG file with colours coded as 9/16 (cICP), such as HDR");
    byte[] srgb = new RawPng(1, 1, 8, 0).chunk("cICP", new byte[] {1, 13, 0, 1}).rows(0, 7);
    assertThat(ImageReader.read(srgb, 1).bytes()).containsExactly(7);
  }

  private void otherCoding() {
    byte[] file = ReferenceImages.file(JPEG);
    int frame = frameHeader(file);
    byte[] deep = file.clone();
    deep[frame + 4] = 12;
    refused(deep, "is a JPEG file with 12 bits per sample: 8 are read");
    Map<Integer, String> coding =
        Map.of(0xC3, "lossless", 0xC5, "hierarchical", 0xC9, "arithmetic", 0xCA, "arithmetic");
    coding.forEach(
        (marker, name) -> {
          byte[] other = file.clone();
          other[frame + 1] = (byte) (int) marker;
          refused(other, "is a JPEG file with " + name + " coding");
        });
  }

  private void otherColours() {
    byte[] two = ReferenceImages.file(JPEG);
    two[frameHeader(two) + 9] = 2;
    refused(two, "is a JPEG file with 2 colour components: grey, RGB, YCbCr, CMYK and YCCK");
    byte[] odd = ReferenceImages.file("cmyk.jpg");
    odd[indexOf(odd, "Adobe") + 11] = 1;
    refused(odd, "is a JPEG file with 4 colour components and the unknown colour transform 1");
  }

  private void manyScans() throws IOException {
    byte[] file = noisyJpeg(true);
    int scan = 2;
    while (file[scan] != (byte) 0xFF || file[scan + 1] != (byte) 0xDA) {
      scan++;
    }
    int frame = frameHeader(file);
    Arrays.fill(file, frame + 5, frame + 9, (byte) 0x16); // 5654 pixels a side
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(file, 0, scan);
    for (int i = 0; i < 17; i++) {
      out.write(file, scan, 20);
    }
    out.write(file, scan, file.length - scan);
    refused(out.toByteArray(), "is a JPEG file with ");
  }

  private void otherFormats() {
    Map<String, String> starts = new LinkedHashMap<>();
    starts.put("GIF89a", "a GIF");
    starts.put("BM\u0001", "a BMP");
    starts.put("II*\0", "a TIFF");
    starts.put("MM\0*", "a TIFF");
    starts.put("\0\0\0\u0018ftypheic", "a HEIC");
    starts.put("\0\0\0\u0018ftypmif1", "a HEIC");
    starts.put("\0\0\0\u0018ftypavif", "an AVIF");
    starts.put("\0\0\0\u0018ftypisom", "an MP4 or QuickTime");
    starts.put("\0\0\0\fJXL \r\n", "a JPEG XL");
    starts.put("\u00FF\n", "a JPEG XL");
    starts.put("\0\0\0\fjP  \r\n", "a JPEG 2000");
    starts.put("8BPS", "a Photoshop");
    starts.put("v/1\u0001", "an OpenEXR");
    starts.put("#?RADIANCE", "a Radiance HDR");
    starts.put("qoif", "a QOI");
    starts.put("\0\0\u0001\0", "an ICO");
    starts.put("DDS ", "a DDS");
    starts.put("P6\n1 1", "a PNM");
    starts.put("%PDF", "a PDF");
    starts.put("PK\u0003\u0004", "a zip");
    starts.put("\u001F\u008B", "a gzip");
    starts.put("<!DOCTYPE html>", "an HTML, SVG or other XML");
    starts.forEach(
        (start, name) ->
            refused(
                latin(start + "............"),
                "is " + name + " file: PNG, JPEG and WebP are read"));
  }

  private void tooLarge() {
    for (String name : List.of("mode-RGB.png", JPEG, "p3.webp")) {
      byte[] file = ReferenceImages.file(name);
      assertThatThrownBy(() -> ImageReader.read(file, 3, 100))
          .hasMessageContaining(" pixels; the limit is 100 pixels");
    }
    byte[] bomb = new RawPng(5000, 5000, 16, 6).rows(0);
    long before = allocated();
    refused(bomb, "is a broken PNG file: it is cut short");
    assertThat(allocated() - before).isLessThan(1 << 20);
  }

  static long allocated() {
    return ((com.sun.management.ThreadMXBean)
            java.lang.management.ManagementFactory.getThreadMXBean())
        .getCurrentThreadAllocatedBytes();
  }

  private static void refused(byte[] file, String message) {
    assertThatThrownBy(() -> ImageReader.read(file, 3))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(message);
  }

  private static byte[] latin(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static int indexOf(byte[] file, String text) {
    return new String(file, StandardCharsets.ISO_8859_1).indexOf(text);
  }

  private static int frameHeader(byte[] jpeg) {
    String text = new String(jpeg, StandardCharsets.ISO_8859_1);
    int baseline = text.indexOf("\u00FF\u00C0\0\u0011\b");
    return baseline > 0 ? baseline : text.indexOf("\u00FF\u00C2\0\u0011\b");
  }

  private static byte[] iccOf(String png) throws IOException {
    return new PngFile(ReferenceImages.file(png)).profile();
  }

  /** An RGB image of one row with a profile. */
  private static byte[] profiled(byte[] icc, int width, int... row) {
    byte[] packed = RawPng.deflated(icc);
    byte[] chunk = new byte[packed.length + 3];
    chunk[0] = 'p';
    System.arraycopy(packed, 0, chunk, 3, packed.length);
    return new RawPng(width, 1, 8, 2).chunk("iCCP", chunk).rows(row);
  }

  private static byte[] noisyJpeg(boolean progressive) throws IOException {
    BufferedImage image = new BufferedImage(200, 200, BufferedImage.TYPE_INT_RGB);
    Random random = new Random(4);
    for (int i = 0; i < 40_000; i++) {
      image.setRGB(i % 200, i / 200, random.nextInt());
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    var writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam options = writer.getDefaultWriteParam();
    if (progressive) {
      options.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
    }
    try (var stream = new MemoryCacheImageOutputStream(out)) {
      writer.setOutput(stream);
      writer.write(null, new IIOImage(image, null, null), options);
    }
    writer.dispose();
    return out.toByteArray();
  }
}

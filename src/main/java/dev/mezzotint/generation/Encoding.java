package dev.mezzotint.generation;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import javax.imageio.ImageIO;

/** What a row's numbers become: a PNG file; and all of a job's, one grid. */
final class Encoding {
  private Encoding() {}

  static byte[] png(float[] chw, int channels, int height, int width) {
    BufferedImage image =
        new BufferedImage(
            width,
            height,
            channels == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        for (int c = 0; c < channels; c++) {
          float v = chw[(c * height + y) * width + x];
          image
              .getRaster()
              .setSample(x, y, c, (int) Math.round(255.0 * Math.min(1, Math.max(0, v / 2 + 0.5))));
        }
      }
    }
    return encode(image);
  }

  static byte[] grid(List<byte[]> pngs) {
    try {
      BufferedImage first = ImageIO.read(new ByteArrayInputStream(pngs.get(0)));
      int columns = (int) Math.ceil(Math.sqrt(pngs.size()));
      int rows = (pngs.size() + columns - 1) / columns;
      BufferedImage grid =
          new BufferedImage(
              columns * first.getWidth(), rows * first.getHeight(), BufferedImage.TYPE_INT_RGB);
      for (int i = 0; i < pngs.size(); i++) {
        grid.getGraphics()
            .drawImage(
                ImageIO.read(new ByteArrayInputStream(pngs.get(i))),
                i % columns * first.getWidth(),
                i / columns * first.getHeight(),
                null);
      }
      return encode(grid);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] encode(BufferedImage image) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ImageIO.write(image, "png", out);
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

package dev.mezzotint.evaluation;

import dev.mezzotint.evaluation.Evaluation.Round;
import dev.mezzotint.evaluation.Metric.Better;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The metrics of consistency for conditional models; lists have an entry for each round.
 *
 * @param segments of the held-out images' conditions
 * @param second training images with the most similar condition
 * @param baseline images that fill each segment with its mean colour
 */
record ConditionalEvaluation(
    List<byte[][]> segments, List<ImageSet> second, List<ImageSet> baseline) {

  /** Compares images with references, given the segments of their conditions. */
  private interface Score {
    double of(ImageSet images, ImageSet references, byte[][] segments);
  }

  List<Metric> consistency(List<Round> rounds) {
    int repeats = rounds.size();
    double[] model = new double[repeats];
    double[] floor = new double[repeats];
    double[] worst = new double[repeats];
    for (int r = 0; r < repeats; r++) {
      Round round = rounds.get(r);
      ImageSet references = round.real().images();
      model[r] = Consistency.difference(round.generated(), round.regenerated().orElseThrow());
      floor[r] = Consistency.difference(second.get(r), references);
      worst[r] = Consistency.difference(shuffled(references), references);
    }
    return List.of(
        score(
            "segmentColours",
            "colours of segments against the reference, /255",
            Better.LOWER,
            Consistency::colourError,
            rounds),
        score(
            "edges",
            "edges, correlation with the reference's",
            Better.HIGHER,
            (images, references, segments) -> Consistency.edgeCorrelation(images, references),
            rounds),
        Metric.of("twoSeeds", "difference of two seeds, /255", Better.AS_FLOOR, model, floor)
            .withWorst(worst));
  }

  private Metric score(String key, String label, Better better, Score score, List<Round> rounds) {
    int repeats = rounds.size();
    double[] model = new double[repeats];
    double[] floor = new double[repeats];
    double[] worst = new double[repeats];
    double[] trivial = new double[repeats];
    for (int r = 0; r < repeats; r++) {
      ImageSet references = rounds.get(r).real().images();
      byte[][] map = segments.get(r);
      model[r] = score.of(rounds.get(r).generated(), references, map);
      floor[r] = score.of(second.get(r), references, map);
      worst[r] = score.of(shuffled(references), references, map);
      trivial[r] = score.of(baseline.get(r), references, map);
    }
    return Metric.of(key, label, better, model, floor).withWorst(worst).withBaseline(trivial);
  }

  /** Rotates the images by one; they are in random order already. */
  private static ImageSet shuffled(ImageSet images) {
    return images.select(
        IntStream.range(0, images.size()).map(i -> (i + 1) % images.size()).toArray());
  }
}

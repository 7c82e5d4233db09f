package dev.mezzotint.evaluation;

import dev.mezzotint.evaluation.Evaluation.Round;
import dev.mezzotint.evaluation.Metric.Better;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What is the same for all figures of a conditional model, a list entry for each round.
 *
 * @param segments of the held-out pictures' conditions
 * @param second training pictures with the condition most alike
 * @param baseline segments in their mean colours
 */
record ConditionalEvaluation(
    List<byte[][]> segments, List<ImageSet> second, List<ImageSet> baseline) {

  /** A score of pictures against references, given the segments of their conditions. */
  private interface Score {
    double of(ImageSet pictures, ImageSet references, byte[][] segments);
  }

  List<Metric> consistency(List<Round> rounds) {
    int repeats = rounds.size();
    double[] model = new double[repeats];
    double[] floor = new double[repeats];
    double[] worst = new double[repeats];
    for (int r = 0; r < repeats; r++) {
      Round round = rounds.get(r);
      ImageSet references = round.real().pictures();
      model[r] = Consistency.difference(round.painted(), round.again().orElseThrow());
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
            (pictures, references, segments) -> Consistency.edgeCorrelation(pictures, references),
            rounds),
        Metric.of("twoSeeds", "difference of two seeds, /255", Better.AS_FLOOR, model, floor)
            .withWorst(worst));
  }

  private Metric score(String key, String words, Better better, Score score, List<Round> rounds) {
    int repeats = rounds.size();
    double[] model = new double[repeats];
    double[] floor = new double[repeats];
    double[] worst = new double[repeats];
    double[] trivial = new double[repeats];
    for (int r = 0; r < repeats; r++) {
      ImageSet references = rounds.get(r).real().pictures();
      byte[][] map = segments.get(r);
      model[r] = score.of(rounds.get(r).painted(), references, map);
      floor[r] = score.of(second.get(r), references, map);
      worst[r] = score.of(shuffled(references), references, map);
      trivial[r] = score.of(baseline.get(r), references, map);
    }
    return Metric.of(key, words, better, model, floor).withWorst(worst).withBaseline(trivial);
  }

  /** Each picture in the place of another; they stand in random order already. */
  private static ImageSet shuffled(ImageSet pictures) {
    return pictures.select(
        IntStream.range(0, pictures.size()).map(i -> (i + 1) % pictures.size()).toArray());
  }
}

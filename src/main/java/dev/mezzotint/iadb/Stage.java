package dev.mezzotint.iadb;

/**
 * One evaluation of the network within a sampler: d = D(x, alpha), then
 *
 * <pre>
 *   x ← x + g0·d + g1·m1 + g2·m2 + g3·m3;   m3 ← m2, m2 ← m1, m1 ← d
 * </pre>
 *
 * where m1, m2, m3 are the directions of the three previous stages, zero at the start.
 */
public record Stage(double alpha, double g0, double g1, double g2, double g3) {}

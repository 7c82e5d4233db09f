/**
 * The method: Iterative α-(de)Blending [1] as plain arithmetic. This page derives it; each formula
 * is implemented once, in the class linked next to it.
 *
 * <h2>Blending</h2>
 *
 * Take two densities p0 and p1 ({@link dev.mezzotint.iadb.Density}): noise and images, a triangle
 * and a square, two sets of images; they need finite variance and nothing else. Draw x0 from p0 and
 * x1 from p1, independently. Their blend at α ({@link dev.mezzotint.iadb.Iadb#blend}) is
 *
 * <pre>  xα = (1 − α) x0 + α x1        α from 0 (all x0) to 1 (all x1)</pre>
 *
 * and its density pα goes from p0 to p1 as α goes from 0 to 1.
 *
 * <h2>Deblending, and the stochastic iteration</h2>
 *
 * A point xα is the blend of many pairs. Deblending draws one of them from the posterior given xα
 * ({@link dev.mezzotint.iadb.Deblending}). Blending that pair at another α′ gives a point of pα′,
 * for any two α. So deblending and re-blending along 0 = α_0 &lt; … &lt; α_T = 1 carries a point of
 * p0 to a point of p1, at random, in any number of steps ({@link
 * dev.mezzotint.iadb.Deblending#iterate}).
 *
 * <h2>The deterministic limit</h2>
 *
 * One step moves x by (α′ − α)(x1 − x0). As steps grow finer, ever more independent draws fall into
 * a stretch of α over which pα hardly changes, and their sum approaches its mean: the randomness
 * falls as 1/√T, and the path follows
 *
 * <pre>  dx/dα = D(x, α) = E[x1 − x0 | xα = x]</pre>
 *
 * the {@link dev.mezzotint.iadb.Field}. It is a map from p0 to p1 without any randomness, and can
 * be run backwards. For data smoothed by a small Gaussian the expectation has a closed form, {@link
 * dev.mezzotint.iadb.SmoothedData}: the reference that everything else is measured against.
 *
 * <h2>Learning it</h2>
 *
 * The mean is what least squares finds. Train D to minimise
 *
 * <pre>  E |D(xα, α) − (x1 − x0)|²     over random x0, x1 and α in [0, 1)</pre>
 *
 * and no derivation with variances, scores or reversed processes is needed ({@code
 * network.TrainStep}).
 *
 * <h2>What the network predicts</h2>
 *
 * It could predict x0, x1 or both ends instead: {@link dev.mezzotint.iadb.Prediction}, each turned
 * into a direction by {@link dev.mezzotint.iadb.Iadb#directionFrom}. The difference is the stable
 * choice: its error enters a step multiplied by α′ − α, so that the total stays bounded at any T
 * and both ends are regular; the others divide by α or 1 − α, or enter whole. DDPM's ε is x0 in
 * other units: its noisy image is a blend up to a factor ({@link
 * dev.mezzotint.iadb.Iadb#alphaFromAlphaBar}, {@link dev.mezzotint.iadb.DdpmSchedule}).
 *
 * <h2>Sampling</h2>
 *
 * is solving the differential equation: {@link dev.mezzotint.iadb.Solver} writes Euler (the paper's
 * algorithm 4), midpoint, Heun, RK4 and Adams-Bashforth as lists of {@link
 * dev.mezzotint.iadb.Stage}s; {@link dev.mezzotint.iadb.AlphaSchedule} places the steps, and {@link
 * dev.mezzotint.iadb.StepPlacement} optimises the placement for one model. {@link
 * dev.mezzotint.iadb.Noise} gives the same x0 for a seed on every machine. {@link
 * dev.mezzotint.iadb.Inpainting} and {@link dev.mezzotint.iadb.Guidance} are uses of the field.
 *
 * <p>Orientation, once for the whole project: x0 is noise (or any other source), x1 is data, as in
 * the paper and in flow matching, where D is called the velocity; DDPM's literature calls the data
 * x0.
 *
 * <p>Imports {@code java.*} only. Callers translate an {@link IllegalArgumentException} from here
 * into a validation error that names the field.
 *
 * <p>[1] Heitz, Belcour, Chambon: Iterative α-(de)Blending: a minimalist deterministic diffusion
 * model. SIGGRAPH 2023.
 */
@NullMarked
package dev.mezzotint.iadb;

import org.jspecify.annotations.NullMarked;

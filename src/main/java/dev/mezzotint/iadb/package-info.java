/**
 * The method: Iterative α-(de)Blending as plain arithmetic on arrays. Blending, predictions and
 * their conversion, α schedules, solvers as lists of stages, and noise that depends on nothing but
 * its seed; {@link SmoothedData} is the exact field of a finite data set, to measure them against.
 *
 * <p>Orientation, once for the whole project: x0 is noise (or any other source density), x1 is
 * data, and α runs from 0 (all x0) to 1 (all x1). This is the paper's orientation and that of flow
 * matching; DDPM's literature calls the data x0. The network's target is the <em>direction</em> x1
 * − x0, the velocity in flow-matching terms.
 *
 * <p>Imports {@code java.*} only. Callers turn an {@link IllegalArgumentException} from here into
 * the refusal of a field.
 */
@NullMarked
package dev.mezzotint.iadb;

import org.jspecify.annotations.NullMarked;

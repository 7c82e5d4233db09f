/**
 * The delivery rules of every kind of job: {@link dev.mezzotint.delivery.JobHandler}. What a kind
 * does between the rules stands behind {@link dev.mezzotint.delivery.Work}. Sees {@code job},
 * {@code storage} and {@code json} only.
 */
@NullMarked
package dev.mezzotint.delivery;

import org.jspecify.annotations.NullMarked;

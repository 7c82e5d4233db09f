/**
 * The delivery rules that all kinds of jobs share: {@link dev.mezzotint.delivery.JobHandler}. A
 * kind of job implements {@link dev.mezzotint.delivery.JobKind}. Depends on {@code job}, {@code
 * storage} and {@code json} only.
 */
@NullMarked
package dev.mezzotint.delivery;

import org.jspecify.annotations.NullMarked;

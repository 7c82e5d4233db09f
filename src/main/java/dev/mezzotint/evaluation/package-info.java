/**
 * Quality metrics of a model's images that need no pretrained network, each with the floor that
 * real images have against real ones. Pure computation on float images; an {@link
 * dev.mezzotint.evaluation.ImageSampler} generates the model's. The command {@code evaluate} runs
 * it.
 */
@NullMarked
package dev.mezzotint.evaluation;

import org.jspecify.annotations.NullMarked;

/**
 * Image data sets: folders and zips of images, their classes, and the order in which training
 * visits them. Imports {@code java.*}, {@code json}, {@code iadb} and {@code image}.
 */
@NullMarked
package dev.mezzotint.dataset;

import org.jspecify.annotations.NullMarked;
